"""The transformer decoder that the autoregressive models share, with a key/value cache for writing token by token."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.errors import UsageError, check_range
from text_recognizer.models.positions import positions_1d

FAR_BELOW = -1e9
"""What is added to the score of a place that must not be looked at."""


@dataclass
class Cache:
    """What has been computed once and is used for every further token.

    Attributes:
        layers: of the decoder, made ready for these pictures.
        length: tokens so far.
    """

    layers: list[WritingLayer]
    length: int = 0


class TransformerDecoder(nn.Module):
    """Layers of causal self-attention, attention to the picture and a feed-forward part, each before normalised.

    Args:
        tokens: number of tokens.
        max_length: most tokens of a text, start included.
        width: features per token, a multiple of `heads`.
        heads: of each attention.
        layers: of the decoder.
        forward_width: features inside the feed-forward part.
        dropout: share of features dropped.

    Source: Vaswani et al. 2017, section 3, normalised before each part (Xiong et al. 2020).
    """

    positions_PD: Tensor

    def __init__(
        self, tokens: int, max_length: int, width: int, heads: int, layers: int, forward_width: int, dropout: float
    ) -> None:
        super().__init__()
        check_sizes(width, heads, layers, forward_width, dropout)
        self.width, self.heads, self.max_length = width, heads, max_length
        self.embedding = nn.Embedding(tokens, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.register_buffer("positions_PD", positions_1d(max_length, width), persistent=False)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(DecoderLayer(width, heads, forward_width, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.scores = nn.Linear(width, tokens)

    def forward(self, tokens_BL: Tensor, memory_BSD: Tensor, padding_BS: Tensor | None = None) -> Tensor:
        """Return the scores [B, L, tokens] of what comes behind each of `tokens_BL`; all at once, without a cache.

        Args:
            tokens_BL: int64, the first being the start token.
            memory_BSD: what the encoder says of each place of the picture.
            padding_BS: True where a place is padding.
        """
        length = tokens_BL.shape[1]
        x_BLD = self.dropout(self._embedded(tokens_BL, self.positions_PD[:length]))
        bias_B11S = _bias_of(padding_BS, x_BLD.dtype)
        for layer in self.layers:
            x_BLD = layer(x_BLD, memory_BSD, bias_B11S)
        return self.scores(self.norm(x_BLD))

    def cache(self, memory_BSD: Tensor, padding_BS: Tensor | None = None, room: int | None = None) -> Cache:
        """Return a cache with nothing written yet.

        Args:
            memory_BSD, padding_BS: see `forward`.
            room: tokens that can be written; as many as a text may have if left out.
        """
        room = self.max_length if room is None else room
        return Cache([WritingLayer(layer, memory_BSD, padding_BS, room) for layer in self.layers])  # type: ignore[arg-type]

    def memory_cache(self, memory_BSD: Tensor) -> Tensor:
        """Return the keys and values [layers, 2, B, heads, S, d] of the picture for all layers."""
        return torch.stack([layer.memory_cache(memory_BSD) for layer in self.layers])  # type: ignore[operator]

    def step(self, tokens_B: Tensor, cache: Cache) -> Tensor:
        """Return the scores [B, tokens] of what comes behind `tokens_B`, and note these in the cache."""
        x_BD = self._embedded(tokens_B, self.positions_PD[cache.length])
        cache.length += 1
        for layer in cache.layers:
            x_BD = layer.step(x_BD, cache.length)
        return self.scores(self.norm(x_BD))

    def step_apart(
        self, tokens_B: Tensor, place: Tensor, memory: Tensor, bias_BS: Tensor, written: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the scores of a step and the keys and values of its tokens, which the caller puts into the cache.

        This form has no state and is what is exported.

        Args:
            tokens_B: int64.
            place: int64 scalar, how many tokens were written before.
            memory: see `memory_cache`.
            bias_BS: added to the scores of the picture's places; 0, or far below for padding.
            written: keys and values [layers, 2, B, heads, room, d]; those from `place` on are not looked at.

        Returns:
            Scores [B, tokens], and keys and values [layers, 2, B, heads, 1, d].
        """
        x_BD = self._embedded(tokens_B, self.positions_PD[place])
        room = torch.arange(written.shape[4], device=written.device)
        unwritten_P = torch.where(room >= place, FAR_BELOW, 0.0).to(written.dtype)
        fresh = []
        for number, layer in enumerate(self.layers):
            x_BD, new = layer.step_apart(  # type: ignore[operator]
                x_BD, written[number], unwritten_P, memory[number], bias_BS[:, None, None]
            )
            fresh.append(new)
        return self.scores(self.norm(x_BD)), torch.stack(fresh)

    def _embedded(self, tokens: Tensor, positions: Tensor) -> Tensor:
        return self.embedding(tokens) * math.sqrt(self.width) + positions.to(self.embedding.weight.dtype)


class DecoderLayer(nn.Module):
    """One layer of the decoder, for all tokens at once or for the next one."""

    def __init__(self, width: int, heads: int, forward_width: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm_self, self.norm_memory, self.norm_forward = (nn.LayerNorm(width) for _ in range(3))
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.query = nn.Linear(width, width)
        self.memory_key_value = nn.Linear(width, 2 * width)
        self.looked_up = nn.Linear(width, width)
        self.feed_forward = nn.Sequential(nn.Linear(width, forward_width), nn.GELU(), nn.Linear(forward_width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BLD: Tensor, memory_BSD: Tensor, bias_B11S: Tensor | None) -> Tensor:
        query, key, value = self._split(self.query_key_value(self.norm_self(x_BLD)), 3)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x_BLD = x_BLD + self.dropout(self.attended(_joined(mixed)))
        (query,) = self._split(self.query(self.norm_memory(x_BLD)), 1)
        key, value = self.memory_cache(memory_BSD)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=_as(bias_B11S, query))
        x_BLD = x_BLD + self.dropout(self.looked_up(_joined(mixed)))
        return x_BLD + self.dropout(self.feed_forward(self.norm_forward(x_BLD)))

    def memory_cache(self, memory_BSD: Tensor) -> Tensor:
        """Return the keys and values of the picture [2, B, heads, S, d]."""
        return self._split(self.memory_key_value(memory_BSD), 2)

    def step_apart(
        self, x_BD: Tensor, written: Tensor, unwritten_P: Tensor, memory: Tensor, bias_B11S: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the features of the next token, and its keys and values, without writing them anywhere."""
        fresh = self._split(self.query_key_value(self.norm_self(x_BD))[:, None], 3)
        query, key, value = fresh.unbind(0)
        query = query * query.shape[-1] ** -0.5
        before_BH1P = query @ written[0].transpose(-1, -2) + unwritten_P
        shares = torch.cat([before_BH1P, query @ key.transpose(-1, -2)], dim=-1).softmax(-1)
        mixed = shares[..., :-1] @ written[1] + shares[..., -1:] * value
        x_BD = x_BD + self.attended(mixed.flatten(1))
        return self._seen(x_BD, memory, bias_B11S), fresh[1:]

    def _seen(self, x_BD: Tensor, memory: Tensor, bias_B11S: Tensor | None) -> Tensor:
        """Return the features of the next token after it has looked at the picture."""
        (query,) = self._split(self.query(self.norm_memory(x_BD))[:, None], 1)
        mixed = F.scaled_dot_product_attention(query, memory[0], memory[1], attn_mask=_as(bias_B11S, query))
        x_BD = x_BD + self.looked_up(mixed.flatten(1))
        return x_BD + self.feed_forward(self.norm_forward(x_BD))

    def _split(self, x_BLD: Tensor, parts: int) -> Tensor:
        """Return [parts, B, heads, L, d] of [B, L, parts * heads * d]."""
        batch, length, width = x_BLD.shape
        return x_BLD.view(batch, length, parts, self.heads, width // (parts * self.heads)).permute(2, 0, 3, 1, 4)


class WritingLayer:
    """A layer made ready to write one token after the other: what does not change is computed and laid out once.

    A single row is multiplied fastest by a matrix that lies in memory as it is used. So those that widen the row are
    turned, all are in the type that is computed with, and attention is done on [B * heads, .., d] without any copying.

    Args:
        layer: of the decoder.
        memory_BSD, padding_BS: see `TransformerDecoder.forward`.
        room: tokens that can be written.
    """

    def __init__(self, layer: DecoderLayer, memory_BSD: Tensor, padding_BS: Tensor | None, room: int) -> None:
        keys, values = layer.memory_cache(memory_BSD)
        self.layer, self.heads = layer, layer.heads
        self.memory_keys = keys.flatten(0, 1).transpose(1, 2).contiguous()
        self.memory_values = values.flatten(0, 1).contiguous()
        bias_B11S = _bias_of(padding_BS, keys.dtype)
        self.bias_N1S = None if bias_B11S is None else bias_B11S.flatten(1, 2).repeat_interleave(self.heads, 0)
        shape = (len(self.memory_values), room, keys.shape[-1])
        self.keys, self.values = keys.new_empty(shape), keys.new_empty(shape)
        wider, _, narrower = layer.feed_forward
        self.query_key_value, self.query, self.widened = (
            (bias, weight.t().contiguous())
            for weight, bias in (_typed(linear, keys.dtype) for linear in (layer.query_key_value, layer.query, wider))
        )
        self.attended, self.looked_up, self.narrowed = (
            _typed(linear, keys.dtype) for linear in (layer.attended, layer.looked_up, narrower)
        )

    def step(self, x_BD: Tensor, length: int) -> Tensor:
        """Return the features of token number `length`, counted from 1, which has seen those before and the picture."""
        heads = (len(self.keys), 1, self.keys.shape[2])
        bias, turned = self.query_key_value
        query, key, value = torch.addmm(bias, self.layer.norm_self(x_BD), turned).chunk(3, dim=-1)
        self.keys[:, length - 1], self.values[:, length - 1] = key.reshape(heads)[:, 0], value.reshape(heads)[:, 0]
        keys_NDT, values_NTD = self.keys[:, :length].transpose(1, 2), self.values[:, :length]
        x_BD = x_BD + self._looked(query.reshape(heads), keys_NDT, values_NTD, None, self.attended, x_BD)
        bias, turned = self.query
        query = torch.addmm(bias, self.layer.norm_memory(x_BD), turned).view(heads)
        memory = self.memory_keys, self.memory_values, self.bias_N1S
        x_BD = x_BD + self._looked(query, *memory, self.looked_up, x_BD)
        bias, turned = self.widened
        wide = F.gelu(torch.addmm(bias, self.layer.norm_forward(x_BD), turned))
        return x_BD + F.linear(wide, *self.narrowed)

    def _looked(
        self,
        query_N1D: Tensor,
        keys_NDT: Tensor,
        values_NTD: Tensor,
        bias_N1T: Tensor | None,
        mixed_by: tuple[Tensor, Tensor],
        like_BD: Tensor,
    ) -> Tensor:
        scores_N1T = torch.bmm(query_N1D * query_N1D.shape[-1] ** -0.5, keys_NDT)
        shares_N1T = (scores_N1T if bias_N1T is None else scores_N1T + bias_N1T).softmax(-1)
        return F.linear(torch.bmm(shares_N1T.to(values_NTD.dtype), values_NTD).view(like_BD.shape), *mixed_by)


def _typed(linear: nn.Module, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return the weights and the bias of a linear part in the type that is computed with."""
    assert isinstance(linear, nn.Linear)
    return linear.weight.to(dtype), linear.bias.to(dtype)


def check_sizes(width: int, heads: int, layers: int, forward_width: int, dropout: float) -> None:
    """Raise a UsageError for sizes that no decoder can have."""
    check_range("--model.heads", heads, 1)
    if width < 1 or width % heads or width % 4:
        raise UsageError(f"--model.width {width}: does not divide into {heads} heads and four; give a multiple of both")
    check_range("--model.layers", layers, 1)
    check_range("--model.forward_width", forward_width, 1)
    check_range("--model.dropout", dropout, 0, 0.9)


def _bias_of(padding_BS: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    if padding_BS is None:
        return None
    return torch.zeros(padding_BS.shape, dtype=dtype, device=padding_BS.device).masked_fill(padding_BS, FAR_BELOW)[
        :, None, None
    ]


def _as(bias: Tensor | None, like: Tensor) -> Tensor | None:
    return None if bias is None else bias.to(like.dtype)


def _joined(x_BHLD: Tensor) -> Tensor:
    return x_BHLD.transpose(1, 2).flatten(2)

# The front door. Every target does its own set-up; what it runs is one line that can be pasted.
PYTHON ?= python3
BIN := .venv/bin
LOCKS := requirements/prod.txt requirements/dev.txt requirements/torch-cuda.txt
SMALL := app docs jupyter monitor ocrmypdf ray real remote serverless
export TORCH LAB_MANAGER
export CUSTOM_COMPILE_COMMAND := make pip-tools

.DEFAULT_GOAL := help
.PHONY: help env conda-update pip-tools pip-tools-lint pip-tools-bench pip-tools-layer pip-tools-upgrade locks versions versions-sync lint test test-fast test-newest test-real image sif demo train evaluate export language-model fine-tune adapt own-data read serve page notebook data docs fonts texts words pages bench-env links labs test-labs grade lean clean

help:  ## print every target with its meaning
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-18s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

env:  ## create or update .venv (conda, mamba, micromamba or venv; TORCH=cpu|cuda overrules the choice of build)
	@$(PYTHON) tools/environment.py env

conda-update:  ## create or update the conda prefix .venv from environment.yml, pruned
	@$(PYTHON) tools/environment.py conda-update

pip-tools: $(LOCKS)  ## compile the locks older than their .in, then sync .venv
	@$(PYTHON) tools/environment.py env

pip-tools-lint: requirements/dev-lint.txt  ## the same for the lint layer
	@$(PYTHON) tools/environment.py env --layer lint

pip-tools-bench: requirements/bench.txt bench-env  ## the same for the layer of benchmarks/readers.py

pip-tools-layer: $(if $(LAYER),requirements/$(LAYER).txt)  ## the same for a layer beside those: make pip-tools-layer LAYER=app|docs|jupyter|monitor|ocrmypdf|ray|real|remote|serverless
	@$(PYTHON) tools/environment.py env --layer $(or $(LAYER),$(error LAYER: no layer was named; give one of $(SMALL)))

pip-tools-upgrade:  ## move every lock to the newest versions, if the fast tests pass with them, then sync .venv
	@$(PYTHON) tools/upgrade.py $(ARGS)
	$(MAKE) env

locks:  ## compile every lock from its .in and nothing else: make locks [UPGRADE=--upgrade]
	$(MAKE) --always-make $(LOCKS) requirements/dev-lint.txt requirements/bench.txt $(SMALL:%=requirements/%.txt)

versions:  ## say where a version that is written twice has drifted: make versions [ARGS="--newest"|"--ask-torch"]
	@$(PYTHON) tools/versions.py check $(ARGS)

versions-sync:  ## rewrite exactly those spots
	@$(PYTHON) tools/versions.py sync $(ARGS)

lint:  ## run every check of .pre-commit-config.yaml on all files
	@$(PYTHON) tools/environment.py env --layer lint
	$(BIN)/pre-commit run --all-files $(ARGS)

test: env  ## run all tests that need no service and no Debian package
	$(BIN)/python -m pytest -m "not network and not docker and not real and not course" $(ARGS)

test-fast: env  ## run the tests that are not marked slow
	$(BIN)/python -m pytest -m "not network and not docker and not real and not course and not slow and not notebook" $(ARGS)

test-newest:  ## run the fast tests with the newest of everything on one Python: make test-newest PYTHON=python3.13
	@python3 tools/newest.py $(PYTHON) $(ARGS)

test-real:  ## start the real parts, install what they need and test with them: make test-real [PART=label|pdf|...]
	@$(PYTHON) tools/real_parts.py $(PART) $(ARGS)

demo: env  ## train, evaluate, export and read a page of an unseen hand, within 15 minutes
	$(BIN)/python -m training.demo $(ARGS)

train: env  ## train one experiment: make train CONFIG=line_ctc ARGS="--lit_model.lr=0.001", or elsewhere: make train PLATFORM=@mila SET=emnist
ifdef PLATFORM
	$(BIN)/python -m mlbox run $(PLATFORM) .:train/$(or $(SET),smoke) $(ARGS)
else
	$(BIN)/python training/run_experiment.py $(if $(CONFIG),--config training/configs/$(CONFIG).yaml) $(ARGS)
endif

evaluate: env  ## score a run on the frozen lines: make evaluate ARGS="--help"
	$(BIN)/python training/evaluate.py $(ARGS)

export: env  ## write a run as ONNX with its recipe: make export ARGS="--help"
	$(BIN)/python training/export.py $(ARGS)

own-data: env  ## say what a folder of transcribed lines or pages holds: make own-data DATA=DIR
	$(BIN)/python -m training.own_data $(or $(DATA),$(error DATA: no folder was named; give one, as in make own-data DATA=my/lines)) $(ARGS)

fine-tune: env  ## from transcribed lines or pages to a model that reads them better: make fine-tune DATA=DIR
	$(BIN)/python -m training.fine_tune $(or $(DATA),$(error DATA: no folder was named; give one, as in make fine-tune DATA=my/lines)) $(ARGS)

adapt: env  ## the same from pages without transcriptions: make adapt DATA=pages/
	$(BIN)/python -m training.adapt $(or $(DATA),$(error DATA: no folder was named; give one, as in make adapt DATA=pages)) $(ARGS)

language-model: env  ## build the language model that the shipped models share (after make texts words)
	$(BIN)/python -m training.language_model --out text_recognizer/weights/language_model.npz $(ARGS)

read:  ## read pictures, PDF files or a folder of them, with the prod layer alone: make read IMAGE=page.jpg ARGS="--boxes out.png"
	@$(PYTHON) tools/environment.py env --lean
	$(BIN)/text-recognizer read $(or $(IMAGE),$(error IMAGE: no image was named; give one, as in make read IMAGE=page.png)) $(ARGS)

serve: env  ## serve the reader over HTTP on 127.0.0.1:8000: make serve ARGS="--help"
	$(BIN)/python -m api_server $(ARGS)

page:  ## the page for people, in a browser: make page ARGS="--help"
	@$(PYTHON) tools/environment.py env --layer app
	$(BIN)/python -m app_gradio $(ARGS)

notebook:  ## open the notebooks in JupyterLab, in a browser (ARGS=--no-browser: only say where)
	@$(PYTHON) tools/environment.py env --layer jupyter
	$(BIN)/jupyter lab --notebook-dir notebooks $(ARGS)

data: env  ## prepare a data set of the course, say what it holds and draw samples: make data NAME=MNIST ARGS="--out samples.png"
	$(BIN)/python -m text_recognizer.data $(or $(NAME),$(error NAME: no data set was named; give one, as in make data NAME=MNIST)) $(ARGS)

docs:  ## write the documents as a site that works without a network: build/site/index.html (ARGS=--help: of mkdocs)
	@$(PYTHON) tools/environment.py env --layer docs
	$(BIN)/mkdocs build --strict $(ARGS)

fonts: env  ## fetch the font families of data/raw/fonts/metadata.toml (optional, needs the network)
	$(BIN)/python -m text_recognizer.synth.fetch_fonts $(ARGS)

texts: env  ## fetch the documents of data/raw/texts/metadata.toml in 13 languages (optional, needs the network)
	$(BIN)/python -m text_recognizer.synth.fetch_texts $(ARGS)

words: env  ## fetch the word lists of data/raw/words/metadata.toml for the language model (optional, needs the network)
	$(BIN)/python -m training.words $(ARGS)

pages: env  ## fetch the transcribed pages of data/raw (optional, needs the network)
	$(BIN)/python -m text_recognizer.data.fetch_pages $(ARGS)

bench-env: env  ## install the peers of benchmarks/readers.py beside .venv's layers, in .venv/bench
	$(BIN)/python -m venv .venv/bench
	$(BIN)/pip-sync --quiet --python-executable .venv/bench/bin/python requirements/bench.txt

links: env  ## ask every address of data/raw and the documents whether it still answers (needs the network)
	$(BIN)/python tools/links.py $(ARGS)

labs: env  ## cut the labs of the course out of the repository: _labs/lab01 to _labs/lab09
	$(BIN)/python -m labs cut $(ARGS)

test-labs: env  ## lint and test every lab as a student gets it: make test-labs ARGS="--labs 3"
	$(BIN)/python -m labs test $(ARGS)

grade: env  ## run the checks over a folder of students' labs, in a sandbox: make grade DIR=submissions ARGS="--out grades.csv"
	$(BIN)/python -m labs.grade $(or $(DIR),$(error DIR: no folder was named; give one, as in make grade DIR=submissions)) $(ARGS)

image:  ## build an image of the repository with podman or docker: make image [NAME=TextRecognizer] ARGS="--build-arg TORCH=cuda"
	@$(PYTHON) tools/image.py build $(NAME) $(ARGS)

sif:  ## build the image and make a SIF of it, no registry in between: make sif [NAME=TextRecognizer]
	@$(PYTHON) tools/image.py sif $(NAME) $(ARGS)

lean: env  ## prove that reading needs requirements/prod.txt alone: its size, import time and first answer
	$(BIN)/python tools/lean_check.py $(ARGS)

clean:  ## remove .venv and every cache; runs and data stay
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache

$(BIN)/pip-compile:
	@$(PYTHON) tools/environment.py tools

requirements/prod.txt: requirements/prod.in requirements/read.in requirements/server.in | $(BIN)/pip-compile
	$(BIN)/pip-compile $(UPGRADE) --output-file=$@ $<

requirements/dev.txt: requirements/dev.in requirements/train.in requirements/prod.txt requirements/torch.txt | $(BIN)/pip-compile
	$(BIN)/pip-compile $(UPGRADE) --output-file=$@ $<

requirements/dev-lint.txt: requirements/dev-lint.in requirements/prod.txt requirements/dev.txt | $(BIN)/pip-compile
	$(BIN)/pip-compile $(UPGRADE) --output-file=$@ $<

requirements/bench.txt: requirements/bench.in requirements/prod.txt requirements/dev.txt | $(BIN)/pip-compile
	$(BIN)/pip-compile $(UPGRADE) --output-file=$@ $<

$(SMALL:%=requirements/%.txt): requirements/%.txt: requirements/%.in requirements/prod.txt requirements/dev.txt | $(BIN)/pip-compile
	$(BIN)/pip-compile $(UPGRADE) -c requirements/prod.txt -c requirements/dev.txt -c requirements/torch.txt --output-file=$@ $<

requirements/real.txt: requirements/remote.txt

# Without pip's own settings, which may know a CPU wheel: this lock is the closure of the public CUDA build.
requirements/torch-cuda.txt: requirements/torch.txt requirements/prod.txt requirements/dev.txt | $(BIN)/pip-compile
	env -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null $(BIN)/pip-compile --no-config --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-allow-unsafe $(UPGRADE) -c requirements/prod.txt -c requirements/dev.txt --output-file=$@ $<

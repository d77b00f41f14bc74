# Four steps on a CPU, for mmdetection_small.py and mmsegmentation_small.py
optim_wrapper = {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 0.01, "momentum": 0.9}}
train_cfg = {"type": "IterBasedTrainLoop", "max_iters": 4}
default_hooks = {
    "logger": {"type": "LoggerHook", "interval": 1},
    "checkpoint": {"type": "CheckpointHook", "interval": 4, "by_epoch": False},
}
log_processor = {"by_epoch": False}

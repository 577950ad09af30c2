def run_composed(c, overrides):
    from rcnn_sweep.schema import typed
    from rcnn_sweep.checks import check
    cfg = typed(c); check(cfg); print(cfg, overrides)

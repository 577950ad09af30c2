"""Log the model that takes raw text, with explicit requirements, signature and example."""

from pathlib import Path

from rcnn_sweep import rcnn_text_model
from rcnn_sweep.tracking.provenance import version_of
from rcnn_sweep.tracking.writer import RunWriter

NAME = "model"
REQUIREMENTS = ("tensorflow", "keras", "numpy", "pandas")
EXAMPLE = ["A moving film, and a very funny one.", "Two hours of my life that I want back."]


def log_text_model(writer: RunWriter, data_path: Path) -> str:
    """Log the folder that :func:`rcnn_text_model.save` wrote as a model; give its URI.

    The requirements are the versions installed here: inferring them would load the model in
    another process, which takes seconds.
    """
    import mlflow
    import pandas as pd
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    signature = ModelSignature(
        inputs=Schema([ColSpec(DataType.string, "text")]),
        outputs=Schema(
            [ColSpec(DataType.string, "label"), ColSpec(DataType.double, "probability")]
        ),
    )
    logged = writer.client.create_logged_model(
        writer.experiment_id, name=NAME, source_run_id=writer.run_id
    )
    info = Model.log(
        None,
        mlflow.pyfunc,
        name=NAME,
        run_id=writer.run_id,
        model_id=logged.model_id,
        loader_module=rcnn_text_model.__name__.rpartition(".")[2],
        data_path=str(data_path),
        code_paths=[str(Path(rcnn_text_model.__file__).parent)],
        signature=signature,
        input_example=pd.DataFrame({"text": EXAMPLE}),
        pip_requirements=[f"{name}=={version_of(name)}" for name in REQUIREMENTS],
    )
    return str(info.model_uri)

"""The names under which things are recorded, each written once.

They are what links a number in one store to its record in the other, and what other programs
search by; a change here makes earlier records unreadable. No imports: even the doctor, which
runs where nothing is installed, reads them.
"""

PREFIX = "rcnn_sweep."


class Tag:
    """Tags of MLflow runs and of model versions."""

    KIND = f"{PREFIX}kind"
    """run, trial, study, refit or reference."""
    STATE = f"{PREFIX}state"
    """complete, pruned, failed or interrupted; absent while the run goes on."""
    REASON = f"{PREFIX}reason"
    PROCESS = f"{PREFIX}process"
    """The process that writes the run, as a :class:`rcnn_sweep.process.ProcessId`."""
    VERSION = f"{PREFIX}version"
    GIT_COMMIT = "mlflow.source.git.commit"
    GIT_DIRTY = f"{PREFIX}git_dirty"
    DEVICE = f"{PREFIX}device"
    SEED = f"{PREFIX}seed"
    DATA_SHA256 = f"{PREFIX}data_sha256"
    DATA_FALLBACK = f"{PREFIX}data_fallback"
    """Why the data is not the source that was asked for."""
    MODEL = f"{PREFIX}model"
    """Why a run logged no model."""
    STUDY = f"{PREFIX}study"
    TRIAL = f"{PREFIX}trial"
    N_TRIALS = f"{PREFIX}n_trials"
    PARENT = "mlflow.parentRunId"
    REFERENCE = f"{PREFIX}reference"
    """On the run of a reference its name. With ``_validation_NAME`` or ``_test_NAME`` after it, on
    a study's run, the numbers of one as JSON."""
    REFERENCE_VERSION = f"{PREFIX}reference_version"
    KEPT = f"{PREFIX}kept"
    """As JSON, the metrics of the epoch that was kept, where that is not the last one."""
    REPRODUCES = f"{PREFIX}reproduces"
    REPRODUCED = f"{PREFIX}reproduced"
    STUDY_RUN = f"{PREFIX}study_run"
    REFIT_RUN = f"{PREFIX}refit_run"
    CANDIDATE = f"{PREFIX}candidate"
    CANDIDATE_TRIAL = f"{PREFIX}candidate_trial"
    EVIDENCE = f"{PREFIX}evidence"
    """Names the evidence of a model version: the same evidence makes no second one."""
    VERDICT = f"{PREFIX}verdict"
    FORCED = f"{PREFIX}forced"
    JUDGED_BY = f"{PREFIX}judged_by"
    DIFFERENCE = f"{PREFIX}difference"
    INTERVAL = f"{PREFIX}interval"
    P = f"{PREFIX}p"


def test_score(metric: str) -> str:
    """Give the tag of a model version's mean test score, such as ``rcnn_sweep.test_accuracy``."""
    return f"{PREFIX}test_{metric}"


class Artifact:
    """Paths of artifacts below a run."""

    RESOLVED_CONFIG = "config/resolved.yaml"
    OVERRIDES = "config/overrides.yaml"
    ENVIRONMENT = "config/environment.json"
    BASE_CONFIG = "config/base.yaml"
    """The composed config of a study."""
    SUMMARY = "model/summary.txt"
    ARCHITECTURE = "model/architecture.svg"
    WEIGHTS = "weights/rcnn.weights.h5"
    CONFUSION = "evaluation/confusion_matrix.json"
    CONFUSION_PICTURE = "evaluation/confusion_matrix.png"
    CONFUSION_NORMALIZED = "evaluation/confusion_matrix_normalized.png"
    CLASSIFICATION_REPORT = "evaluation/classification_report.json"
    LEARNING_CURVES = "evaluation/learning_curves.png"
    CALIBRATION = "evaluation/calibration.json"
    RELIABILITY = "evaluation/reliability.png"
    MISTAKES = "evaluation/mistakes.json"
    PREDICTIONS = "evaluation/predictions.npz"
    TRACEBACK = "failure/traceback.txt"
    SWEEP = "sweep"
    """The folder of a study's results."""
    EVIDENCE = "refit/evidence.json"
    EVIDENCE_TEXT = "refit/evidence.txt"
    INTERVALS = "refit/intervals.png"
    REPRODUCTION = "reproduction/comparison.txt"


class TrialAttr:
    """User attributes of a trial in its study's storage."""

    SLOT = "slot"
    RETRY_OF = "retry_of"
    DUPLICATE_OF = "duplicate_of"
    SEED = "seed"
    WORKER = "worker"
    """The process that works on the trial, as a :class:`rcnn_sweep.process.ProcessId`."""
    SESSION = "session"
    """The command that its worker works for."""
    HEARTBEAT = "heartbeat"
    REJECTED = "rejected"
    """How many impossible points were drawn before this one."""
    FAILURE = "failure"
    """Why a FAILed trial failed, in one of the words of :mod:`rcnn_sweep.sweep`'s slots."""
    REASON = "reason"
    TRACEBACK = "traceback"
    RECOVERED = "recovered"
    """Told from the application's record after the trial's process had died."""
    RUN_ID = "mlflow_run_id"


class StudyAttr:
    """User attributes of a study in its storage."""

    RECORD = "record"
    """What the study is about: it must be the same for all commands that work on it."""
    IDENTITY = "identity"
    """What the study's directory knows it by, wherever its storage is moved."""
    BASELINE = "baseline"
    DIRECTORY = "directory"
    IS_SEARCH = "is_search"
    N_TRIALS = "n_trials"
    """How many slots the study has; the last command that named a number decides."""
    POINTS = "points"
    """The points that the application named, by slot."""
    LEFT_OUT = "left_out"
    """The slots that nobody wants tried."""
    PARENT = "parent"
    """What the hooks returned when they opened the study's own record."""
    COMMAND = "command"

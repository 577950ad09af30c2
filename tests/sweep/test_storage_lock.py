"""One holder of a storage's lock at a time; who lost it is told so, or begins again."""

import pytest
from sqlalchemy.exc import OperationalError

from rcnn_sweep.sweep.storage import LockLost, exclusive, exclusively, lock
from rcnn_sweep.sweep.storage.retry import StorageLost

MYSQL = "mysql+pymysql://me:secret@host/studies"


class Server:
    """Stands for a server's connections: answers each question with the next of ``answers``."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.dropped = 0

    def connect(self) -> "Server":
        return self

    def execute(self, statement: object) -> "Server":
        return self

    def scalar(self) -> object:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def invalidate(self) -> None:
        self.dropped += 1

    def close(self) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(lock, "engine", lambda url: made)
    return made


LOST = OperationalError("", {}, Exception("terminating connection due to idle-session timeout"))


@pytest.mark.parametrize("answer", [0, None])
def test_mysqls_timeout_and_null_are_no_success(server: Server, answer: object) -> None:
    server.answers = [answer]
    with pytest.raises(StorageLost, match=f"{answer}"), exclusive(MYSQL):
        pytest.fail("nobody let us in")
    assert server.dropped == 1


@pytest.mark.parametrize("released", [0, None, False, LOST])
def test_who_lost_the_lock_is_told_so(server: Server, released: object) -> None:
    server.answers = [1, released]
    with pytest.raises(LockLost, match=r"mysql.*\*\*\*.*lost while it was held"), exclusive(MYSQL):
        pass


def test_an_error_in_the_work_is_not_hidden_by_a_lost_lock(server: Server) -> None:
    server.answers = [1, LOST]
    with pytest.raises(ValueError, match="the work's"), exclusive(MYSQL):
        raise ValueError("the work's")


def test_work_that_can_be_done_again_is_where_the_lock_was_lost(server: Server) -> None:
    server.answers = [1, 0, 1, 1]
    done: list[int] = []
    assert exclusively(MYSQL, lambda: done.append(1) or len(done)) == 2
    server.answers = [1, 0] * lock.TURNS
    with pytest.raises(LockLost):
        exclusively(MYSQL, lambda: done.append(1))
    assert len(done) == 2 + lock.TURNS

"""The application on an empty database, and on one that is behind; DATABASE_URL names it."""

import pytest
from fastapi.testclient import TestClient

from app.database import ROOT
from app.main import app
from sqlmodel_migrations import Migrations


def test_heroes_are_made_and_listed() -> None:
    with TestClient(app) as client:
        made = client.post("/heroes", json={"name": "Deadpond", "team": "Z-Force"})
        assert made.status_code == 201
        assert client.get("/heroes").json() == [made.json()]


def test_the_database_is_at_head_after_the_start() -> None:
    with TestClient(app):
        pass
    assert Migrations(ROOT).pending() == ()


def test_the_application_does_not_start_behind_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    migrations = Migrations(ROOT)
    migrations.downgrade("-1", confirm=lambda losses: True)
    monkeypatch.setenv("MIGRATE", "check")
    with pytest.raises(RuntimeError, match="lacks 27c6a30d7c24"), TestClient(app):
        pass


def test_every_change_of_the_models_has_its_revision() -> None:
    assert Migrations(ROOT).check() == ()

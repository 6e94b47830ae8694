"""Cards of the user's own, and what a wrong one does to the others."""

import shutil

import pytest

from models import CardError, load_catalog, read_labels
from models.catalog import CARDS, user_cards


def test_without_a_folder_of_their_own_there_are_the_built_in_cards():
    assert set(load_catalog()) == {path.stem for path in CARDS.glob("*.toml")}


def test_a_card_of_the_user_s_own_is_found_with_its_labels():
    user_cards().mkdir(parents=True)
    text = (CARDS / "tiny-vgg.toml").read_text(encoding="utf-8")
    (user_cards() / "mine.toml").write_text(text.replace("tiny_vgg_10.txt", "mine.txt"), encoding="utf-8")
    (user_cards() / "mine.txt").write_text("one\ntwo\n", encoding="utf-8")
    mine = load_catalog()["mine"]
    assert read_labels(mine) == ("one", "two")


def test_a_wrong_card_is_told_and_the_others_stay():
    user_cards().mkdir(parents=True)
    shutil.copy(CARDS / "mnist.toml", user_cards() / "mine.toml")
    with (user_cards() / "mine.toml").open("a", encoding="utf-8") as file:
        file.write("\n[colour]\nred = 1\n")
    troubles: list[CardError] = []
    catalog = load_catalog(troubles=troubles)
    assert "mine" not in catalog
    assert "mnist" in catalog
    assert "mine.toml" in str(troubles[0])
    assert "colour" in str(troubles[0])
    with pytest.raises(CardError, match=r"mine\.toml"):
        load_catalog()

"""The chooser of recipes: which one the settings are, and what it was seen to reach."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app.run_words import lasted
from app.session import Session
from app.theme import GRID
from app.widgets.card import label
from app.widgets.setup_row import NAME_WIDTH
from engine import recipes
from engine.recipes import Recipe

OWN = "Settings of your own"


class RecipeRow(QWidget):
    """Choosing a recipe sets every setting; after a further change the settings are one's own again."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._recipes = [recipes.load(name) for name in recipes.names()]
        self.box = QComboBox()
        self.box.setAccessibleName("Recipe")
        self.box.setToolTip("Runs that name everything; one sets all that is below")
        self.box.addItem(OWN, None)
        for recipe in self._recipes:
            self.box.addItem(recipe.title, recipe)
        self.box.activated.connect(lambda _: self._choose(self.box.currentData()))
        name = label("Recipe", "muted")
        name.setFixedWidth(NAME_WIDTH)
        name.setBuddy(self.box)
        self.line = label("", "muted")
        self.line.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(name)
        row.addWidget(self.box, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.line)
        session.run_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show which recipe the settings in force are."""
        run, draft = self._session.run, self._session.draft
        values = run.config.to_json() if run.active else draft.values
        found = next((recipe for recipe in self._recipes if recipe.run.to_json() == values), None)
        self.box.setCurrentIndex(0 if found is None else 1 + self._recipes.index(found))
        self.box.setEnabled(not run.active)
        self.line.setText("A recipe sets everything below at once." if found is None else about(found))

    def _choose(self, recipe: Recipe | None) -> None:
        if recipe is not None:
            self._session.compose(recipe.run.to_json())
        self.refresh()


def about(recipe: Recipe) -> str:
    """What a recipe is and what it was seen to reach."""
    result = recipe.result
    if result is None:
        return f"{recipe.about} Not measured yet."
    note = f" {result.note}" if result.note else ""
    reached = f"{100 * result.test_accuracy:.2f} % of the test set in {lasted(result.seconds)} on {result.machine}"
    return f"{recipe.about} Seen to reach {reached}.{note}"

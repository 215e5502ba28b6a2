"""The whole protocol between the window and its children: frozen dataclasses, numpy only."""

from engine.messages.base import *
from engine.messages.bench import *
from engine.messages.gpu import *
from engine.messages.inference import *
from engine.messages.labs import *
from engine.messages.training import *

"""Zachary's karate club: 34 people, 78 friendships, and the two clubs they split into.

W. W. Zachary, "An Information Flow Model for Conflict and Fission in Small Groups", 1977.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from engine.graph.graphs import Graph
from engine.graph.published import KARATE, TITLES

CLASS_NAMES = ("Mr. Hi", "Officer")

_FRIENDS = {
    0: (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31),
    1: (2, 3, 7, 13, 17, 19, 21, 30),
    2: (3, 7, 8, 9, 13, 27, 28, 32),
    3: (7, 12, 13),
    4: (6, 10),
    5: (6, 10, 16),
    6: (16,),
    8: (30, 32, 33),
    9: (33,),
    13: (33,),
    14: (32, 33),
    15: (32, 33),
    18: (32, 33),
    19: (33,),
    20: (32, 33),
    22: (32, 33),
    23: (25, 27, 29, 32, 33),
    24: (25, 27, 31),
    25: (31,),
    26: (29, 33),
    27: (33,),
    28: (31, 33),
    29: (32, 33),
    30: (32, 33),
    31: (32, 33),
    32: (33,),
}
"""Each friendship once, at the person with the lower number."""
_OFFICERS = (9, 14, 15, 18, 20, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33)
_LEADERS = (0, 33)


def load() -> Graph:
    """The club. A person's words are whom it knows, itself included; the two leaders are the training set, others the
    test. There is no validation set.
    """
    people = 34
    edges = np.array([(low, high) for low, friends in _FRIENDS.items() for high in friends], np.int32).T
    labels = np.zeros(people, np.int64)
    labels[list(_OFFICERS)] = 1
    everyone = np.arange(people)
    knows = np.eye(people, dtype=np.float32)
    knows[edges[0], edges[1]] = knows[edges[1], edges[0]] = 1
    return Graph(
        name=KARATE,
        title=TITLES[KARATE],
        features=sp.csr_array(knows),
        edges=np.ascontiguousarray(edges),
        labels=labels,
        train=np.array(_LEADERS),
        val=everyone[:0],
        test=np.setdiff1d(everyone, _LEADERS),
        class_names=CLASS_NAMES,
    )

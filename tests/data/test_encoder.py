from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ganaug.data.encoder import TableEncoder


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def one_column(codes, n, *, ordered=True, missing=False, **options):
    codes = np.asarray(codes, dtype=np.int32)[:, None]
    encoder = TableEncoder([n], [ordered], [missing], ["x"], **options)
    return encoder.fit(codes, np.random.default_rng(0)), codes


@st.composite
def tables(draw):
    n_columns = draw(st.integers(1, 4))
    ordered = draw(st.lists(st.booleans(), min_size=n_columns, max_size=n_columns))
    missing = draw(st.lists(st.booleans(), min_size=n_columns, max_size=n_columns))
    cardinality = [draw(st.integers(1, 12)) + has for has in missing]
    rows = st.tuples(*(st.integers(0, n - 1) for n in cardinality))
    codes = np.array(draw(st.lists(rows, min_size=1, max_size=30)), dtype=np.int32).reshape(-1, n_columns)
    return codes, cardinality, ordered, missing


@settings(max_examples=150, deadline=None)
@given(table=tables(), seed=st.integers(0, 1000))
def test_what_is_encoded_is_decoded(table, seed):
    codes, cardinality, ordered, missing = table
    encoder = TableEncoder(cardinality, ordered, missing, range(len(cardinality)), max_onehot=4)
    encoder.fit(codes, np.random.default_rng(seed))
    encoded = encoder.encode(codes, generator(seed))
    assert encoded.shape == (len(codes), encoder.layout.width)
    assert encoded.dtype == torch.float32
    np.testing.assert_array_equal(encoder.decode(encoded), codes)


@settings(max_examples=50, deadline=None)
@given(table=tables(), seed=st.integers(0, 1000))
def test_any_tensor_decodes_to_levels_that_exist(table, seed):
    codes, cardinality, ordered, missing = table
    encoder = TableEncoder(cardinality, ordered, missing, range(len(cardinality)), max_onehot=4)
    encoder.fit(codes, np.random.default_rng(seed))
    decoded = encoder.decode(20 * torch.randn(50, encoder.layout.width, generator=generator(seed)))
    assert (decoded >= 0).all()
    assert (decoded < np.array(cardinality)).all()


def test_a_million_distinct_values_survive_float32():
    codes = np.random.default_rng(0).permutation(1_000_000)
    encoder, codes = one_column(codes, 1_000_000)
    np.testing.assert_array_equal(encoder.decode(encoder.encode(codes, generator())), codes)


def test_scores_are_normal_even_with_a_spike():
    codes = np.where(np.arange(20_000) % 10 < 9, 0, np.arange(20_000) // 10)
    encoder, codes = one_column(codes, 2000)
    assert stats.kstest(encoder.encode(codes, generator()).numpy()[:, 0], "norm").pvalue > 1e-3


def test_normal_scores_decode_to_the_frequencies_seen():
    encoder, _ = one_column([0] * 91 + [1] * 6 + [3] * 3, 4)
    decoded = encoder.decode(torch.randn(100_000, 1, generator=generator()))
    np.testing.assert_allclose(np.bincount(decoded[:, 0], minlength=4) / 1e5, [0.91, 0.06, 0, 0.03], atol=0.003)


def test_levels_never_seen_are_never_emitted():
    encoder, _ = one_column([1, 3, 3], 6)
    scores = torch.tensor([-50.0, -5, 0, 5, 50, torch.inf, -torch.inf])[:, None]
    assert set(encoder.decode(scores)[:, 0]) == {1, 3}


def test_missing_numbers_have_a_mark_and_an_uninformative_score():
    codes = np.repeat([0, 1, 2], 5000)
    encoder, codes = one_column(codes, 3, missing=True)
    encoded = encoder.encode(codes, generator())
    assert [(block.name, block.kind, block.width) for block in encoder.layout.blocks] == [
        ("x", "rank", 1),
        ("x is missing", "levels", 2),
    ]
    assert encoded[:, 2].tolist() == (codes[:, 0] == 2).tolist()
    assert stats.kstest(encoded[codes[:, 0] == 2, 0].numpy(), "norm").pvalue > 1e-3


def test_a_number_that_is_always_missing():
    encoder, codes = one_column([0, 0, 0], 1, missing=True)
    np.testing.assert_array_equal(encoder.decode(encoder.encode(codes, generator())), codes)


def test_a_table_without_columns():
    codes = np.empty((3, 0), dtype=np.int32)
    encoder = TableEncoder([], [], [], []).fit(codes, np.random.default_rng(0))
    assert encoder.encode(codes, generator()).shape == (3, 0)
    assert encoder.decode(torch.empty(3, 0)).shape == (3, 0)


def test_blocks_by_number_of_levels():
    encoder = TableEncoder([64, 65, 9], [False, False, True], [True, False, False], ["a", "b", "c"])
    assert [(block.kind, block.start, block.stop) for block in encoder.layout.blocks] == [
        ("levels", 0, 64),
        ("embedding", 64, 72),
        ("rank", 72, 73),
    ]


def test_ranks_are_drawn_anew_and_repeat_with_the_seed():
    encoder, codes = one_column([0, 0, 1, 2], 3)
    first = encoder.encode(codes, generator(0))
    assert torch.equal(first, encoder.encode(codes, generator(0)))
    assert not torch.equal(first, encoder.encode(codes, generator(1)))


def test_state_goes_through_json():
    rng = np.random.default_rng(0)
    codes = np.column_stack([rng.integers(0, n, 300) for n in (5, 3, 100)]).astype(np.int32)
    encoder = TableEncoder([5, 3, 100], [True, False, False], [True, False, False], ["a", 1, "c"]).fit(codes, rng)
    arrays, meta = encoder.state()
    again = TableEncoder.from_state(arrays, json.loads(json.dumps(meta)))
    assert again.layout == encoder.layout
    encoded = encoder.encode(codes, generator())
    assert torch.equal(again.encode(codes, generator()), encoded)
    np.testing.assert_array_equal(again.decode(encoded), codes)


def test_a_hundred_thousand_levels_stay_lean():
    n = 100_000
    rng = np.random.default_rng(0)
    codes = np.column_stack([np.arange(n), rng.integers(0, 9, n), rng.integers(0, 9, n)]).astype(np.int32)
    tracemalloc.start()
    encoder = TableEncoder([n, 9, 9], [False] * 3, [False] * 3, "abc").fit(codes, rng)
    decoded = encoder.decode(encoder.encode(codes, generator()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(decoded, codes)
    assert peak < 500e6


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_the_gpu():
    rng = np.random.default_rng(0)
    codes = np.column_stack([rng.integers(0, n, 300) for n in (5, 3, 100)]).astype(np.int32)
    encoder = TableEncoder([5, 3, 100], [True, False, False], [True, False, False], "abc").fit(codes, rng)
    encoded = encoder.encode(codes, torch.Generator("cuda").manual_seed(0))
    assert encoded.is_cuda
    np.testing.assert_array_equal(encoder.decode(encoded), codes)


def test_recounting_gives_new_frequencies_and_keeps_the_embeddings():
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(2, size=300), rng.integers(100, size=300)], axis=1).astype(np.int32)
    encoder = TableEncoder([3, 100], [True, False], [False, False], ["number", "place"]).fit(codes, rng)
    embedded = encoder.encode(codes, generator())[:, 1:]
    more = np.concatenate([codes, np.stack([np.full(300, 2), codes[:, 1]], axis=1)]).astype(np.int32)
    encoder.recount(more)
    torch.testing.assert_close(encoder.encode(codes, generator())[:, 1:], embedded)
    scores = torch.randn(20_000, encoder.layout.width, generator=generator())
    assert abs((encoder.decode(scores)[:, 0] == 2).mean() - 0.5) < 0.02
    assert (encoder.decode(encoder.encode(more, generator())) == more).all()

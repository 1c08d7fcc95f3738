//! The names of weights.

#![allow(clippy::unwrap_used)]

use bitsweep_models::{WeightId, WeightIdError};

#[test]
fn names_are_read_as_they_are_written() {
    for id in [0, 1, 9, 99, 999_999_998].into_iter().flat_map(|n| [WeightId::Weight(n), WeightId::Bias(n)]) {
        assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<WeightId>(&json).unwrap(), id);
    }
    assert_eq!(WeightId::Weight(11).to_string(), "W12");
    assert_eq!(WeightId::Bias(0).to_string(), "b1");
    assert_eq!(format!("{:>4}", WeightId::Bias(0)), "  b1");
}

#[test]
fn what_names_no_weight_is_refused() {
    let refused = [
        "",
        "W",
        "b",
        "W0",
        "W01",
        "b+1",
        "w1",
        "B1",
        "x1",
        "W1 ",
        " W1",
        "W1.0",
        "W1000000000",
        "ä1",
        "W１",
    ];
    for text in refused {
        assert_eq!(text.parse::<WeightId>(), Err(WeightIdError(text.to_owned())));
    }
    assert_eq!(
        serde_json::from_str::<WeightId>("\"W0\"").unwrap_err().to_string(),
        "`W0` names no weight: expected `W` or `b` and the number of a layer, from 1 to 999999999, such as `W1` or `b2`"
    );
}

#[test]
fn order_and_position_are_those_of_the_model() {
    let ids: Vec<WeightId> = ["W1", "b1", "W2", "b2", "W10", "b10"].map(|id| id.parse().unwrap()).to_vec();
    assert!(ids.is_sorted());
    let positions: Vec<usize> = ids.iter().map(|id| id.position()).collect();
    assert_eq!(positions, [0, 1, 2, 3, 18, 19]);
    assert_eq!((ids[3].layer(), ids[3].is_bias(), ids[4].is_bias()), (1, true, false));
}

//! However the bytes are cut, the same happens.

mod common;

use common::{Side, scenarios};

/// One cut, at every byte that either end sends.
#[test]
fn one_cut_anywhere() {
    for scenario in scenarios::all() {
        let mut whole = scenario.pair();
        let expected = scenario.play(&mut whole);
        for side in Side::BOTH {
            // A signature's length differs by some bytes from one time to the next.
            for at in 1..whole.end(side).sent.len() + 8 {
                let mut pair = scenario.pair();
                pair.cut = Some((side, at));
                assert_eq!(scenario.play(&mut pair), expected, "{}, {side:?} cut at {at}", scenario.name);
            }
        }
    }
}

/// Pieces of one size.
#[test]
fn pieces_of_any_size() {
    for scenario in scenarios::all() {
        let expected = scenario.play(&mut scenario.pair());
        for chunk in (1..64).chain([100, 1000, 10_000]) {
            let mut pair = scenario.pair().chunk(chunk);
            assert_eq!(scenario.play(&mut pair), expected, "{}, pieces of {chunk}", scenario.name);
        }
    }
}

//! The trade's examples, the golden vectors, and what holds for every amount.

use proptest::prelude::*;

use super::*;

const VECTORS: &str = include_str!("../../../tests/vectors/money-split.json");

fn usd(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::USD)
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    total_minor: i64,
    weights: Vec<u64>,
    shares_minor: Vec<i64>,
}

#[test]
fn splits_are_as_the_golden_vectors_say() {
    let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() >= 12);
    for vector in vectors {
        let shares = usd(vector.total_minor).split(&vector.weights).unwrap();
        assert_eq!(
            shares.iter().map(|share| share.amount_minor).collect::<Vec<_>>(),
            vector.shares_minor,
            "{}",
            vector.name
        );
    }
}

#[test]
fn tax_of_the_summed_base_is_rounded_once() {
    let lines = [usd(3333), usd(3333), usd(3334)];

    let per_rate = Money::sum(Currency::USD, lines).unwrap().portion(10, 100).unwrap();
    let per_line = Money::sum(Currency::USD, lines.map(|line| line.portion(10, 100).unwrap())).unwrap();

    assert_eq!((per_rate, per_line), (usd(1000), usd(999)));
}

#[test]
fn a_gross_price_is_sacred() {
    let gross = usd(1000).times(quantity("3")).unwrap();

    let tax = gross.portion(15, 115).unwrap();

    assert_eq!((tax, gross.checked_sub(tax).unwrap()), (usd(391), usd(2609)));
}

#[test]
fn stacked_rates_of_a_thousandth_differ_by_line_and_by_invoice() {
    let per_invoice = usd(1999).times(quantity("3")).unwrap().portion(8_875, 100_000).unwrap();
    let per_line = usd(1999).portion(8_875, 100_000).unwrap().times(quantity("3")).unwrap();

    assert_eq!((per_invoice, per_line), (usd(532), usd(531)));
}

#[test]
fn halves_round_away_from_zero_both_ways() {
    for (amount, half) in [(1, 1), (-1, -1), (3, 2), (-3, -2), (2, 1), (0, 0)] {
        assert_eq!(usd(amount).portion(1, 2).unwrap(), usd(half));
        assert_eq!(usd(amount).portion(-1, -2).unwrap(), usd(half));
    }
    assert_eq!(usd(1_000).times(quantity("0.3335")).unwrap(), usd(334));
}

#[test]
fn nothing_overflows_in_silence_and_currencies_do_not_mix() {
    let most = usd(i64::MAX);
    assert_eq!(most.checked_add(usd(1)), Err(MoneyError::Overflow));
    assert_eq!(usd(i64::MIN).checked_sub(usd(1)), Err(MoneyError::Overflow));
    assert_eq!(usd(i64::MIN).checked_neg(), Err(MoneyError::Overflow));
    assert_eq!(most.times(quantity("2")), Err(MoneyError::Overflow));
    assert_eq!(usd(i64::MIN).portion(i64::MIN, 1), Err(MoneyError::Overflow));
    assert_eq!(usd(1).portion(1, 0), Err(MoneyError::DividedByZero));
    assert_eq!(usd(1).split(&[]), Err(MoneyError::DividedByZero));
    assert_eq!(usd(1).split(&[0, 0]), Err(MoneyError::DividedByZero));
    assert_eq!(usd(1).split(&[u64::MAX, 1]), Err(MoneyError::Overflow));
    assert_eq!(usd(i64::MIN).split(&[u64::MAX]), Ok(vec![usd(i64::MIN)]));
    let mixed = usd(1).checked_add(Money::new(1, Currency::EUR));
    assert_eq!(mixed, Err(MoneyError::CurrencyMismatch(Currency::USD, Currency::EUR)));
}

#[test]
fn amounts_print_with_the_digits_of_their_currency() {
    let shown = |amount, currency| Money::new(amount, currency).to_string();

    assert_eq!(shown(-5, Currency::USD), "-0.05 USD");
    assert_eq!(shown(1050, Currency::JPY), "1050 JPY");
    assert_eq!(shown(1050, Currency::KWD), "1.050 KWD");
    assert_eq!(shown(i64::MIN, Currency::EUR), "-92233720368547758.08 EUR");
}

#[test]
fn codes_of_currencies_in_use_are_read_and_no_other() {
    for wrong in ["usd", "US", "USDX", "", "XXX", "XTS", "XAU", "CLF", "DEM", "ÄÖ", "USD EUR", " USD"] {
        assert_eq!(wrong.parse::<Currency>(), Err(UnknownCurrency), "{wrong}");
    }
    let mut all: Vec<Currency> = Currency::all().collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!((all.len(), count), (count, 155));
}

#[test]
fn the_wire_form_is_strict() {
    let read = |text: &str| serde_json::from_str::<Money>(text);

    assert_eq!(read(r#"{"amount_minor": 1050, "currency": "USD"}"#).unwrap(), usd(1050));
    for wrong in [
        r#"{"amount_minor": 10.5, "currency": "USD"}"#,
        r#"{"amount_minor": "1050", "currency": "USD"}"#,
        r#"{"amount_minor": 9223372036854775808, "currency": "USD"}"#,
        r#"{"amount_minor": 1050, "currency": "usd"}"#,
        r#"{"amount_minor": 1050, "currency": "USD", "amount": 1}"#,
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    assert_eq!(serde_json::to_string(&quantity("1.50")).unwrap(), r#""1.5""#);
    assert!(serde_json::from_str::<Quantity>("1.5").is_err());
}

#[test]
fn quantities_are_plain_decimals() {
    for (text, smallest) in
        [("1", 10_000), ("1.25", 12_500), ("-0.0001", -1), ("007", 70_000), ("922337203685477.5807", i64::MAX)]
    {
        assert_eq!(quantity(text).in_smallest(), smallest);
    }
    for wrong in [
        "",
        "-",
        ".5",
        "5.",
        "1.00001",
        "+1",
        "1e3",
        "1,5",
        " 1",
        "1_000",
        "--1",
        "٣",
        "922337203685477.5808",
        &"9".repeat(400),
    ] {
        assert_eq!(wrong.parse::<Quantity>(), Err(InvalidQuantity), "{wrong}");
    }
}

proptest! {
    #[test]
    fn a_split_loses_nothing_and_is_fair(
        total in any::<i64>(),
        weights in proptest::collection::vec(prop_oneof![0..5_u64, 0..u64::MAX / 40], 1..40),
    ) {
        let whole: u128 = weights.iter().copied().map(u128::from).sum();
        prop_assume!(whole > 0);

        let shares = usd(total).split(&weights).unwrap();

        prop_assert_eq!(shares.iter().map(|share| i128::from(share.amount_minor)).sum::<i128>(), i128::from(total));
        for (share, weight) in shares.iter().zip(&weights) {
            let exact = u128::from(total.unsigned_abs()) * u128::from(*weight);
            let size = u128::from(share.amount_minor.unsigned_abs());
            prop_assert!(size == exact / whole || (size == exact / whole + 1 && exact % whole > 0), "off by a unit or more");
        }
        for (a, b) in shares.iter().zip(&weights).zip(shares.iter().zip(&weights).skip(1)) {
            if a.1 > b.1 {
                prop_assert!(a.0.amount_minor.unsigned_abs() >= b.0.amount_minor.unsigned_abs(), "more weight, less money");
            }
        }
        if let Some(opposite) = total.checked_neg() {
            let mirrored: Vec<i64> = usd(opposite).split(&weights).unwrap().iter().map(|share| -share.amount_minor).collect();
            prop_assert_eq!(mirrored, shares.iter().map(|share| share.amount_minor).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_portion_is_the_nearest_amount(amount in -1_000_000_000_i64..1_000_000_000, numerator in -1_000_i64..1_000, denominator in 1_i64..1_000) {
        let rounded = usd(amount).portion(numerator, denominator).unwrap().amount_minor;

        let distance = (i128::from(amount) * i128::from(numerator) - i128::from(rounded) * i128::from(denominator)).abs();
        prop_assert!(2 * distance <= i128::from(denominator));
        prop_assert_eq!(usd(-amount).portion(numerator, denominator).unwrap().amount_minor, -rounded);
    }

    #[test]
    fn a_quantity_survives_being_written(smallest in any::<i64>()) {
        let quantity = Quantity::from_smallest(smallest);
        prop_assert_eq!(quantity.to_string().parse(), Ok(quantity));
    }

    #[test]
    fn adding_and_taking_away_is_nothing(a in any::<i64>(), b in any::<i64>()) {
        if let Ok(sum) = usd(a).checked_add(usd(b)) {
            prop_assert_eq!(sum.checked_sub(usd(b)), Ok(usd(a)));
        }
    }

    #[test]
    fn no_text_is_read_as_a_quantity_that_it_is_not(text in "[-+0-9.eE ]{0,12}") {
        if let Ok(quantity) = text.parse::<Quantity>() {
            prop_assert!(quantity.to_string().len() <= text.len() + 1);
        }
    }
}

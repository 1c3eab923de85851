//! Tokens that somebody tampered with.

use biscuit_auth::{
    Algorithm, BiscuitBuilder, BlockBuilder, KeyPair, UnverifiedBiscuit,
    format::schema::{Biscuit, proof::Content},
};
use prost::Message as _;

use super::{support::*, time::OURS};
use crate::token::{Attenuation, Operation, TokenError, attenuate};

fn narrowed() -> String {
    let to = Attenuation { jobs: vec![id(1)], operations: vec![Operation::Read], ..Attenuation::default() };
    attenuate(&token(), &to).unwrap()
}

fn tamper(token: &str, change: impl FnOnce(&mut Biscuit)) -> String {
    let mut envelope = Biscuit::decode(bytes(token).as_slice()).unwrap();
    change(&mut envelope);
    text(&envelope.encode_to_vec())
}

#[test]
fn no_bit_of_a_token_can_be_flipped() {
    let good = bytes(&narrowed());
    for index in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[index] ^= 1 << bit;
            assert!(verifier().open(&text(&bad)).is_err(), "bit {bit} of byte {index}");
        }
    }
}

#[test]
fn no_prefix_of_a_token_is_a_token() {
    let good = bytes(&narrowed());
    for length in 0..good.len() {
        assert!(verifier().open(&text(&good[..length])).is_err(), "{length} bytes");
    }
}

#[test]
fn text_that_is_not_base64url_is_malformed() {
    let good = token();
    let no_padding = good.trim_end_matches('=');
    assert!(verify(no_padding).is_ok(), "padding may be left out");
    for bad in
        ["", " ", "\0", "é", &format!(" {good}"), &format!("{good}\n"), &good.replace('_', "/").replace('-', "+")]
    {
        if *bad != good {
            assert_eq!(verifier().open(bad).err(), Some(TokenError::Malformed), "{bad:?}");
        }
    }
}

#[test]
fn blocks_cannot_be_dropped_doubled_or_reordered() {
    let to = |number| Attenuation { jobs: vec![id(number)], ..Attenuation::default() };
    let chain = attenuate(&attenuate(&token(), &to(1)).unwrap(), &to(2)).unwrap();

    let dropped_last = tamper(&chain, |t| drop(t.blocks.pop()));
    let dropped_first = tamper(&chain, |t| drop(t.blocks.remove(0)));
    let dropped_all = tamper(&chain, |t| t.blocks.clear());
    let doubled = tamper(&chain, |t| t.blocks.push(t.blocks[1].clone()));
    let swapped = tamper(&chain, |t| t.blocks.swap(0, 1));

    for bad in [dropped_last, dropped_all] {
        assert_eq!(verifier().open(&bad).err(), Some(TokenError::BadSignature));
    }
    for bad in [dropped_first, doubled, swapped] {
        assert!(verifier().open(&bad).is_err());
    }
}

#[test]
fn a_block_of_another_token_does_not_fit() {
    let (one, two) = (narrowed(), narrowed());
    let block = Biscuit::decode(bytes(&two).as_slice()).unwrap().blocks.remove(0);

    let mixed = tamper(&one, |t| t.blocks[0] = block);

    assert_eq!(verifier().open(&mixed).err(), Some(TokenError::BadSignature));
}

#[test]
fn another_root_is_not_ours_whatever_key_id_it_claims() {
    let build = |id: Option<u32>| {
        let builder = BiscuitBuilder::new().code(OURS).unwrap();
        let builder = builder.code("check if time($t), $t < 2030-01-01T00:00:00Z").unwrap();
        let builder = if let Some(id) = id { builder.root_key_id(id) } else { builder };
        builder.build(&KeyPair::new()).unwrap().to_base64().unwrap()
    };

    assert_eq!(verifier().open(&build(Some(7))).err(), Some(TokenError::BadSignature));
    assert_eq!(verifier().open(&build(Some(8))).err(), Some(TokenError::UnknownKey));
    assert_eq!(verifier().open(&build(None)).err(), Some(TokenError::UnknownKey));
}

#[test]
fn the_key_id_is_never_searched_for() {
    let two_keys = crate::token::Verifier::new(ring(Some(7), &[7, 8]).into());
    let relabelled = tamper(&token(), |t| t.root_key_id = Some(8));
    let unlabelled = tamper(&token(), |t| t.root_key_id = None);

    assert_eq!(two_keys.open(&relabelled).err(), Some(TokenError::BadSignature));
    assert_eq!(two_keys.open(&unlabelled).err(), Some(TokenError::UnknownKey));
}

#[test]
fn a_sealed_token_takes_no_block_and_no_secret() {
    let sealed = crate::token::TokenSpec { sealed: true, ..spec() };
    let sealed = crate::token::mint(&KEYS, &sealed).unwrap().token;
    let block = Biscuit::decode(bytes(&narrowed()).as_slice()).unwrap().blocks.remove(0);

    let extended = tamper(&sealed, |t| t.blocks.push(block));
    let reopened = tamper(&sealed, |t| t.proof.content = Some(Content::NextSecret(vec![1; 32])));

    assert!(verifier().open(&sealed).is_ok());
    assert!(UnverifiedBiscuit::from_base64(&sealed).unwrap().append(BlockBuilder::new()).is_err());
    assert_eq!(verifier().open(&extended).err(), Some(TokenError::BadSignature));
    assert_eq!(verifier().open(&reopened).err(), Some(TokenError::BadSignature));
}

#[test]
fn only_ed25519_is_accepted_in_any_block() {
    let p256 = KeyPair::new_with_algorithm(Algorithm::Secp256r1);
    let block = BlockBuilder::new().code(r#"check if operation("read")"#).unwrap();
    let child = UnverifiedBiscuit::from_base64(token()).unwrap().append_with_keypair(&p256, block).unwrap();

    assert_eq!(refusal(&child.to_base64().unwrap()), "only Ed25519 keys are accepted");
}

#[test]
fn third_party_blocks_are_refused() {
    let open = UnverifiedBiscuit::from_base64(token()).unwrap();
    let request = open.third_party_request().unwrap();
    let block = BlockBuilder::new().code(r#"check if operation("read")"#).unwrap();
    let signed = request.create_block(&KeyPair::new().private(), block).unwrap();
    let child = open.append_third_party(&signed.serialize().unwrap()).unwrap();

    assert_eq!(refusal(&child.to_base64().unwrap()), "it has a third-party block");
}

#[test]
fn long_chains_and_long_tokens_cost_nothing() {
    let mut chain = UnverifiedBiscuit::from_base64(token()).unwrap();
    for length in 1..=500 {
        chain = chain.append(BlockBuilder::new().code(r#"check if operation("read")"#).unwrap()).unwrap();
        if length == 10 {
            assert_eq!(refusal(&chain.to_base64().unwrap()), "it has more than four appended blocks");
        }
    }
    assert_eq!(refusal(&chain.to_base64().unwrap()), "it is longer than 4 KiB");
    assert_eq!(refusal(&"A".repeat(10_000_000)), "it is longer than 4 KiB");
}

#[test]
fn what_a_holder_appends_changes_nothing_about_who_they_are() {
    for code in [
        r#"tenant("01930000-0000-7000-8000-00000000000b")"#,
        r#"role("admin")"#,
        r#"scope({"members:write"})"#,
        r#"resource("job", "01930000-0000-7000-8000-000000000001")"#,
        r#"operation("write")"#,
        r#"time(2020-01-01T00:00:00Z)"#,
        r#"role($r) <- kind($k), role($x), $r == "admin""#,
        r#"scope($s) <- role($s)"#,
        r#"check if operation("read"); user("x")"#,
    ] {
        let Ok(block) = BlockBuilder::new().code(code) else { continue };
        assert_eq!(refusal(&append_block(&token(), block)), "an appended block holds facts or rules", "{code}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_gate_panic(text in "[A-Za-z0-9_=-]{0,600}") {
        let _ = verifier().open(&text);
    }

    #[test]
    fn no_bytes_can_be_put_in(junk in proptest::collection::vec(proptest::num::u8::ANY, 0..40), at in 0_usize..600) {
        let mut bad = bytes(&token());
        let at = at.min(bad.len());
        bad.splice(at..at, junk.iter().copied());
        proptest::prop_assert!(junk.is_empty() || verifier().open(&text(&bad)).is_err());
    }
}

#[test]
fn depth_ends_the_decoding_and_not_the_process() {
    use biscuit_auth::format::schema::{Array, Block, Fact, Predicate, Term, term::Content as Value};
    let mut term = Term { content: Some(Value::Bool(true)) };
    for _ in 0..400 {
        term = Term { content: Some(Value::Array(Array { array: vec![term] })) };
    }
    let fact = Fact { predicate: Predicate { name: 0, terms: vec![term] } };
    let block = Block { version: Some(6), facts: vec![fact], ..Block::default() };
    let deep = tamper(&token(), |t| t.authority.block = block.encode_to_vec());

    assert_eq!(verifier().open(&deep).err(), Some(TokenError::Malformed));
}

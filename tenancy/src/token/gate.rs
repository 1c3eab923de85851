//! What is looked at before any signature is checked or any Datalog runs.
//!
//! Anybody who holds a token can append to it offline, a customer with a link included, and limits
//! on run time are only looked at between rounds: a few hundred bytes of checks can cost seconds.
//! So blocks that others appended hold checks of the [published shapes](super::shape) and nothing
//! else, and everything has a size. It is decoded by the same code as in the library, so the two
//! can't read different things.

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use biscuit_auth::{
    datalog::SymbolTable,
    format::schema::{Biscuit, Block, Proof, PublicKey, SignedBlock, proof::Content, public_key::Algorithm},
};
use prost::Message as _;

use super::{
    error::TokenError,
    shape::{self, Limit},
};

/// A token in bytes, before base64url.
pub(super) const MAX_BYTES: usize = 4 * 1024;
/// Blocks that others appended. A chain of hands longer than this starts from a new token.
pub(super) const MAX_APPENDED: usize = 4;
const MAX_CHECKS: usize = 8;
/// Ids named by all checks of a token together: each costs one run of the authorizer.
const MAX_THINGS: usize = 100;

/// Padding may be left out, since some vessels for tokens can't carry it. Nothing else may vary.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The facts of an authority block, each there exactly once.
const FACTS: [&str; 8] = ["tenant", "user", "session", "kind", "audience", "role", "scope", "version"];

/// A token that may be given to the library. Nothing in it is proved yet.
pub(super) struct Admitted {
    pub(super) bytes: Vec<u8>,
    pub(super) root_key_id: Option<u32>,
    pub(super) sealed: bool,
    /// What each appended block restricts, in the order of its checks.
    pub(super) appended: Vec<Vec<Limit>>,
    authority: Block,
    symbols: SymbolTable,
}

/// Lets a token through whose envelope and appended blocks are of an accepted form.
pub(super) fn admit(token: &str) -> Result<Admitted, TokenError> {
    if token.len() > MAX_BYTES.div_ceil(3) * 4 {
        return Err(TokenError::Refused("it is longer than 4 KiB"));
    }
    let bytes = BASE64URL.decode(token).map_err(|_| TokenError::Malformed)?;
    admit_bytes(bytes)
}

pub(super) fn admit_bytes(bytes: Vec<u8>) -> Result<Admitted, TokenError> {
    if bytes.len() > MAX_BYTES {
        return Err(TokenError::Refused("it is longer than 4 KiB"));
    }
    let envelope = Biscuit::decode(bytes.as_slice()).map_err(|_| TokenError::Malformed)?;
    // The envelope is not signed: unknown fields and other spellings would be skipped in silence.
    if envelope.encode_to_vec() != bytes {
        return Err(TokenError::Malformed);
    }
    if envelope.blocks.len() > MAX_APPENDED {
        return Err(TokenError::Refused("it has more than four appended blocks"));
    }
    for block in std::iter::once(&envelope.authority).chain(&envelope.blocks) {
        check_signed_block(block)?;
    }
    let sealed = check_proof(&envelope.proof)?;

    let authority = decode_block(&envelope.authority)?;
    let mut symbols = SymbolTable::new();
    add_symbols(&mut symbols, &authority)?;
    let mut appended = Vec::with_capacity(envelope.blocks.len());
    for signed in &envelope.blocks {
        let block = decode_block(signed)?;
        // Symbols of later blocks are not there yet: a block can't leave a name open for others.
        add_symbols(&mut symbols, &block)?;
        appended.push(limits_of_appended(&block, &symbols)?);
    }
    bound_things(appended.iter().flatten())?;
    Ok(Admitted { root_key_id: envelope.root_key_id, bytes, sealed, appended, authority, symbols })
}

impl Admitted {
    /// What the authority block restricts, if it is one of ours: the eight facts, each once, and
    /// checks of the published shapes, among them an expiry.
    pub(super) fn authority_limits(&self) -> Result<Vec<Limit>, TokenError> {
        let block = &self.authority;
        if !(block.rules.is_empty() && block.scope.is_empty() && block.public_keys.is_empty()) {
            return Err(TokenError::Refused("the authority block holds more than facts and checks"));
        }
        for name in FACTS {
            let is_named = |fact: &&biscuit_auth::format::schema::Fact| {
                self.symbols.get_symbol(fact.predicate.name) == Some(name) && fact.predicate.terms.len() == 1
            };
            if block.facts.iter().filter(is_named).count() != 1 {
                return Err(TokenError::Refused("a fact of the authority block is missing or there twice"));
            }
        }
        if block.facts.len() != FACTS.len() {
            return Err(TokenError::Refused("the authority block holds an unknown fact"));
        }
        let limits = limits_of_checks(block, &self.symbols)?;
        if !limits.iter().any(|limit| matches!(limit, Limit::Until(_))) {
            return Err(TokenError::Refused("it never expires"));
        }
        bound_things(limits.iter().chain(self.appended.iter().flatten()))?;
        Ok(limits)
    }
}

fn check_signed_block(block: &SignedBlock) -> Result<(), TokenError> {
    if block.external_signature.is_some() {
        return Err(TokenError::Refused("it has a third-party block"));
    }
    if block.version.unwrap_or(0) > 1 {
        return Err(TokenError::Refused("its signatures are of an unknown version"));
    }
    if !is_ed25519(&block.next_key) || block.signature.len() != 64 {
        return Err(TokenError::Refused("only Ed25519 keys are accepted"));
    }
    Ok(())
}

fn is_ed25519(key: &PublicKey) -> bool {
    key.algorithm == Algorithm::Ed25519 as i32 && key.key.len() == 32
}

/// Whether the token is sealed.
fn check_proof(proof: &Proof) -> Result<bool, TokenError> {
    match &proof.content {
        Some(Content::NextSecret(secret)) if secret.len() == 32 => Ok(false),
        Some(Content::FinalSignature(signature)) if signature.len() == 64 => Ok(true),
        _ => Err(TokenError::Refused("its proof is not of Ed25519")),
    }
}

fn decode_block(signed: &SignedBlock) -> Result<Block, TokenError> {
    let block = Block::decode(signed.block.as_slice()).map_err(|_| TokenError::Malformed)?;
    match block.version {
        Some(3..=6) => Ok(block),
        _ => Err(TokenError::Refused("a block is of an unknown version")),
    }
}

fn add_symbols(table: &mut SymbolTable, block: &Block) -> Result<(), TokenError> {
    SymbolTable::from(block.symbols.clone())
        .and_then(|symbols| table.extend(&symbols))
        .map_err(|_| TokenError::Refused("blocks declare the same symbol"))
}

fn limits_of_appended(block: &Block, symbols: &SymbolTable) -> Result<Vec<Limit>, TokenError> {
    if !(block.facts.is_empty() && block.rules.is_empty()) {
        return Err(TokenError::Refused("an appended block holds facts or rules"));
    }
    if !(block.scope.is_empty() && block.public_keys.is_empty() && block.context.is_none()) {
        return Err(TokenError::Refused("an appended block holds more than checks"));
    }
    if block.checks.is_empty() {
        return Err(TokenError::Refused("an appended block restricts nothing"));
    }
    limits_of_checks(block, symbols)
}

fn limits_of_checks(block: &Block, symbols: &SymbolTable) -> Result<Vec<Limit>, TokenError> {
    if block.checks.len() > MAX_CHECKS {
        return Err(TokenError::Refused("a block has more than eight checks"));
    }
    block.checks.iter().map(|check| shape::limit_of(check, symbols).map_err(TokenError::Refused)).collect()
}

fn bound_things<'a>(limits: impl Iterator<Item = &'a Limit>) -> Result<(), TokenError> {
    let things = limits.map(|limit| if let Limit::Things(things) = limit { things.len() } else { 0 });
    if things.sum::<usize>() > MAX_THINGS {
        return Err(TokenError::Refused("it names more than a hundred things"));
    }
    Ok(())
}

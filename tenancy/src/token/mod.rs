//! Biscuit tokens: minted, attenuated, gated, verified.

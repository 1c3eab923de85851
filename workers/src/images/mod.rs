//! Images of our own from what people upload: the content is identified by itself, its pixels are decoded within bounds,
//! turned upright and encoded anew. Nothing else of the upload goes on: no metadata, no position, no profile, no trailer.

mod identify;
mod make;

#[cfg(test)]
mod tests;

pub(crate) use make::{Made, Wanted, make};

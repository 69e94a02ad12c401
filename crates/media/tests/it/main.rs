//! Media against files made on the spot: whole, cut, damaged and hostile.

mod fetch;
mod fit;
mod hostile;
mod objects;
mod pictures;
mod probe;
mod token;

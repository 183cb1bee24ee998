//! One test binary: everything goes through the socket, between peers that the tests hold in their hand.

mod peer;

mod dialects;
mod life_cycle;
mod ninjaone;
mod tidy;

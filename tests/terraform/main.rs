//! The Terraform modules say the same as the charms' metadata, and the product module makes the relations that it should.
#![cfg(test)]

mod conventions;
mod endpoints;
mod module;
mod plan;
mod product;

//! What is written, others take: every form and compression, images of every kind, all peers.

mod fixes;
mod layouts;
mod peers;
mod samples;
mod schemas;
mod selection;

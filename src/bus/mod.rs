//! The simulated bus: Kafka as its clients see it, in one thread and in virtual time.
//!
//! What this is: [`World`], which holds topics with partitions, groups with positions and commits,
//! a clock, timers and faults, and runs services on them; and [`Chooser`], which picks what happens
//! next. What it is not: a broker; transactions, retention and compaction are not modelled and
//! cannot be asked for.
//!
//! What always holds: the offsets of a partition are dense; a group reads a partition in order;
//! `committed ≤ position`; a record is redelivered only while it is not committed; time moves only
//! when nothing can happen now; the same services, inputs and choices give the same history.
//! Start at [`World`].

mod chooser;
mod deliver;
mod faults;
mod instance;
mod murmur2;
mod slot;
mod timers;
mod trial;
mod world;

pub(crate) use faults::damaged;

pub use chooser::{Choice, Chooser, Delivery, Fifo, Point, Random, Replay};
pub use instance::Instance;
pub use murmur2::murmur2;
pub use world::{Topology, World, WorldError};

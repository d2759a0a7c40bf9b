//! Planted bugs: the checkers and expectations find each of them, and blame nobody else.

mod bed;
mod calm;

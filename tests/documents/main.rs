//! AsyncAPI documents of anybody: records checked by them, the documents themselves, and how they
//! are shown.

mod inspected;
mod official;
mod records;
mod robust;
mod shown;
mod support;

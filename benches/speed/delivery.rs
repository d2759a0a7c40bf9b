use crate::Figure;
pub(crate) fn figure() -> Figure {
    Figure {
        value: 0.0,
        unit: "",
        ratio: 0.0,
        to: "",
    }
}

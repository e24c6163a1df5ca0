//! `HW07`: the codes of this range and their pages.

use super::{Code, CodePage};

pub(super) const PAGES: &[CodePage] = &[];

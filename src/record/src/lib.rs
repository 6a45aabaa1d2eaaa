//! Record batches as bytes: header view, validation, compression, building

//! Models, data, training, evaluation and generation on candle.

#include "exporter/metrics/page_writer.h"

#include "exporter/metrics/gzip.h"

namespace pathwitness {

void PageWriter::PassOn() {
  if (text_.size() >= kGzipChunkBytes) {
    Finish();
  }
}

void PageWriter::Finish() {
  is_read_ = is_read_ && (text_.empty() || take_(text_));
  text_.clear();
}

}  // namespace pathwitness

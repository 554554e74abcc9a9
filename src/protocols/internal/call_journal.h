// CallJournal: what is counted and logged of a call once its answer is ready.
//
//   HttpService, GrpcService --Call, RpcCall--> CallJournal --> metrics, access log
//
// Thread rule: thread-safe; a loop uses its index as the shard, others metrics::kSharedShard.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "protocols/service.h"
#include "serving/serving_metrics.h"

namespace slipway::protocols {

struct BaseCall;
struct Call;
struct RpcCall;

class CallJournal {
 public:
  /// The log may be null.
  CallJournal(serving::ServingMetrics& metrics, AccessLog* log);

  void answered(Call& call, uint32_t shard);
  void answered(RpcCall& call, uint32_t shard);

 private:
  static constexpr int kStatuses[] = {200, 204, 400, 403, 404, 405, 429, 500, 501, 503, 504};

  void record(const BaseCall& call, uint32_t shard, AccessRecord& record,
              std::string_view protocol);

  AccessLog* const log_;
  std::array<metrics::Counter*, std::size(kStatuses)> http_{};
  metrics::Counter* http_other_;
  std::array<metrics::Counter*, 17> grpc_{};  // by StatusCode
};

}  // namespace slipway::protocols

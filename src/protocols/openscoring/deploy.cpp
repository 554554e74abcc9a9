// Openscoring's management: PUT, DELETE, and the file of a model.
#include <fmt/format.h>

#include "base/file.h"
#include "protocols/internal/media_type.h"
#include "protocols/internal/model_admin.h"
#include "protocols/openscoring/evaluate.h"

namespace slipway::protocols::openscoring {
namespace {

constexpr uint64_t kDownloadBytesMax = 64ULL << 20;

Status may_change(const Call& call) {
  const transport::HttpRequest& request = call.request();
  return check_admin(*call.loop, {request.header("authorization"), request.header("origin")});
}

/// The model of the path, of the snapshot that new requests see.
Result<const serving::ServedModel*> model_of(const Call& call) {
  const serving::ModelSet* models = TRY(models_of(call));
  return models->find(call.parameters[0]);
}

/// plan.single: a model of that name was there before.
void write_deployed(Call& call) {
  transport::HttpResponse& response = call.response();
  if (!call.plan.single) {
    response.status = 201;
    response.headers.emplace_back("Location", std::string(call.request().path));
  }
  const Result<const serving::ServedModel*> model = model_of(call);
  if (!model.ok()) return answer_error(call, model.status());  // gone again already
  append_model(response.body, **model, true);
}

void write_nothing(Call& call) { call.response().body = "{}"; }

/// A PMML document names its root within its first bytes.
bool is_pmml(std::string_view text) {
  constexpr size_t kSearched = 4096;
  const size_t at = text.substr(0, kSearched).find("PMML");
  return at != std::string_view::npos && at > 0 && (text[at - 1] == '<' || text[at - 1] == ':');
}

}  // namespace

void deploy(Call& call) {
  add_application(call.response());
  Status status = may_change(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  const transport::HttpRequest& request = call.request();
  const MediaType type = parse_media_type(request.header("Content-Type"));
  if (!type.name.empty() && type.name != "application/xml" && type.name != "text/xml") {
    answer_error(call, invalid_argument(fmt::format(
                           "Content-Type: expected application/xml or text/xml, got \"{}\"",
                           type.name.substr(0, 100))));
    call.response().status = 415;
    return;
  }
  if (!is_pmml(request.body)) {
    return answer_error(call, invalid_argument("the body: expected a PMML document"));
  }
  serving::ModelControl* control = call.loop->server.control.load();
  if (control == nullptr) return answer_error(call, unavailable("the models are still loading"));
  call.plan.clear();
  call.plan.single = model_of(call).ok();
  call.write = write_deployed;
  call.deferred = true;
  call.begin = [control, &call](std::function<void(Status)> done) {
    // Told on the call's loop, whose snapshot has the model by then.
    auto told = [&call, done = std::move(done)](Status loaded) {
      const bool unsupported = loaded.code() == StatusCode::kUnimplemented;
      if (unsupported) loaded = invalid_argument(loaded.message());
      const ServerInfo& server = call.loop->server;
      if (!server.post) return done(std::move(loaded));
      server.post(call.loop->index, [done, loaded = std::move(loaded)] { done(loaded); });
    };
    control->put(std::string(call.parameters[0]), std::string(call.request().body),
                 std::move(told));
  };
}

void undeploy(Call& call) {
  add_application(call.response());
  Status status = may_change(call);
  if (status.ok()) status = model_of(call).status();
  if (status.ok()) {
    status = begin_change(call, call.parameters[0], {}, &serving::ModelControl::unload);
  }
  if (!status.ok()) return answer_error(call, std::move(status));
  call.write = write_nothing;
}

void download(Call& call) {
  add_application(call.response());
  Status status = may_change(call);
  const Result<const serving::ServedModel*> model = model_of(call);
  if (status.ok()) status = model.status();
  if (!status.ok()) return answer_error(call, std::move(status));
  // For admins, rare, and bounded: the loop reads it, most often from the page cache.
  Limits limits;
  limits.file_bytes_max = kDownloadBytesMax;
  Result<std::string> text = read_file((*model)->path, limits);
  if (!text.ok()) return answer_error(call, std::move(text).status());
  if (!is_pmml(*text)) return answer_error(call, not_found("the model is no PMML document"));
  call.response().content_type = "application/xml";
  call.response().body = std::move(text).value();
}

}  // namespace slipway::protocols::openscoring

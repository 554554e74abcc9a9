#include "cli/listeners.h"

#include <fmt/format.h>

#include <sstream>

#include "base/log.h"
#include "cli/listen_setting.h"

namespace slipway::cli {
namespace {

using Kind = ListenAddress::Kind;

constexpr uint32_t kOwnerOnly = 0600;

Status of_flag(std::string_view flag, std::string_view text, const Status& status) {
  return Status(status.code(), fmt::format("--{} {}: {}", flag, text, status.message()));
}

/// The settings of --listen, --admin and --port. One --listen may hold several, parted by blanks,
/// as an environment variable must.
Result<std::vector<ListenSetting>> read_settings(const ServeOptions& options, bool has_inherited) {
  std::vector<ListenSetting> settings;
  bool has_inference = false;
  for (const std::string& texts : options.listeners.listen) {
    std::istringstream words(texts);
    for (std::string text; words >> text;) {
      Result<ListenSetting> setting = parse_listen_setting(text);
      if (!setting.ok()) return of_flag("listen", text, setting.status());
      has_inference = has_inference || !setting->is_admin;
      if (setting->is_admin && text.find("mode=") == std::string::npos) setting->mode = kOwnerOnly;
      settings.push_back(std::move(setting).value());
    }
  }
  if (!has_inference && has_inherited && !options.listeners.address_given) {
    settings.push_back(TRY(parse_listen_setting("systemd")));
  } else if (!has_inference || options.listeners.address_given) {
    ListenSetting simple;
    simple.address.host = options.host;
    simple.address.port = options.port;
    simple.has_tls = !options.listeners.tls_certificates.empty();
    settings.insert(settings.begin(), std::move(simple));
  }
  if (!options.admin.empty()) {
    Result<ListenAddress> address = parse_listen_address(options.admin);
    if (!address.ok()) return of_flag("admin", options.admin, address.status());
    ListenSetting admin;
    admin.text = options.admin;
    admin.address = std::move(address).value();
    admin.is_admin = true;
    admin.mode = kOwnerOnly;
    settings.push_back(std::move(admin));
  }
  return settings;
}

/// Takes the sockets that the setting means. Those with names of their own must be asked for first.
std::vector<int> take_inherited(std::vector<InheritedSocket>& inherited, const std::string& name) {
  std::vector<int> taken;
  std::vector<InheritedSocket> left;
  for (InheritedSocket& socket : inherited) {
    if (name.empty() || socket.name == name) {
      taken.push_back(socket.fd);
    } else {
      left.push_back(std::move(socket));
    }
  }
  inherited = std::move(left);
  return taken;
}

Result<transport::TlsOptions> tls_options(const ListenerFlags& flags,
                                          const ListenSetting& setting) {
  transport::TlsOptions tls;
  if (!setting.tls_certificate.empty()) {
    tls.certificates = {{setting.tls_certificate, setting.tls_key}};
  } else {
    for (size_t i = 0; i < flags.tls_certificates.size(); i++) {
      tls.certificates.push_back({flags.tls_certificates[i], flags.tls_keys[i]});
    }
  }
  if (tls.certificates.empty()) {
    return invalid_argument(fmt::format(
        "--listen {}: TLS needs --tls-cert and --tls-key, or cert= and key=", setting.text));
  }
  tls.client_ca = setting.tls_client_ca.empty() ? flags.tls_client_ca : setting.tls_client_ca;
  if (tls.client_ca.empty()) return tls;
  const std::string& asked = setting.tls_client_certificate.empty()
                                 ? flags.tls_client_certificate
                                 : setting.tls_client_certificate;
  tls.client_certificate = asked == "optional" ? transport::ClientCertificate::kOptional
                                               : transport::ClientCertificate::kRequired;
  return tls;
}

/// Listeners with the same files share a context, and so their session tickets.
Result<std::shared_ptr<transport::TlsContext>> tls_context(ServeListeners& listeners,
                                                           transport::TlsOptions options) {
  for (const auto& context : listeners.tls) {
    if (context->options() == options) return context;
  }
  listeners.tls.push_back(TRY(transport::TlsContext::create(std::move(options))));
  return listeners.tls.back();
}

Status check_tls_flags(const ListenerFlags& flags) {
  if (flags.tls_certificates.size() != flags.tls_keys.size()) {
    return invalid_argument(
        fmt::format("each --tls-cert needs its --tls-key: there are {} certificates and {} keys",
                    flags.tls_certificates.size(), flags.tls_keys.size()));
  }
  return {};
}

Status add(ServeListeners& listeners, const ListenSetting& setting,
           transport::ListenerOptions listener, bool is_local, bool has_token) {
  if (!setting.is_admin) {
    listeners.inference.push_back(std::move(listener));
    listeners.compat.push_back(setting.compat);
    return {};
  }
  if (!is_local && !has_token) {
    return invalid_argument(fmt::format(
        "the admin listener {} can be reached from other machines: choose 127.0.0.1, [::1], "
        "localhost or a Unix socket, or set --admin-token",
        setting.text));
  }
  listeners.admin_is_local = listeners.admin_is_local && is_local;
  listeners.admin.push_back(std::move(listener));
  return {};
}

}  // namespace

Result<ServeListeners> plan_listeners(const ServeOptions& options,
                                      std::vector<InheritedSocket> inherited) {
  TRY_STATUS(check_tls_flags(options.listeners));
  const std::vector<ListenSetting> settings = TRY(read_settings(options, !inherited.empty()));
  const bool has_token = !options.admin_token.empty();
  ServeListeners listeners;
  for (const bool named : {true, false}) {  // "systemd" alone means what is left
    for (const ListenSetting& setting : settings) {
      const bool is_rest = setting.address.kind == Kind::kInherited && setting.address.name.empty();
      if (is_rest == named) continue;
      transport::ListenerOptions listener;
      listener.host = setting.address.host;
      listener.port = setting.address.port;
      listener.unix_path = setting.address.path;
      listener.unix_mode = setting.mode;
      listener.protocols = setting.protocols;
      listener.has_proxy_header = setting.has_proxy_header;
      if (setting.has_tls) {
        listener.tls = TRY(tls_context(listeners, TRY(tls_options(options.listeners, setting))));
      }
      if (setting.address.kind != Kind::kInherited) {
        TRY_STATUS(
            add(listeners, setting, std::move(listener), is_local(setting.address), has_token));
        continue;
      }
      const std::vector<int> taken = take_inherited(inherited, setting.address.name);
      if (taken.empty()) {
        return failed_precondition(fmt::format(
            "--listen {}: the service manager has passed no such socket", setting.text));
      }
      for (const int fd : taken) {
        listener.fd = fd;
        TRY_STATUS(add(listeners, setting, listener, is_local_socket(fd), has_token));
      }
    }
  }
  if (!inherited.empty()) {
    log_warning("sockets of the service manager that no --listen names are not served: {}",
                inherited.size());
  }
  if (listeners.tls.empty() && !options.listeners.tls_certificates.empty()) {
    return invalid_argument(
        "--tls-cert is given, but no listener speaks TLS: --listen ADDRESS,tls");
  }
  if (listeners.inference.empty()) return invalid_argument("there is no listener for inference");
  return listeners;
}

}  // namespace slipway::cli

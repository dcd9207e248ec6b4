#include "tests/support/nginx_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "tests/support/loopback.h"

namespace pathwitness {
namespace {

constexpr int kInherited = 100;  // above what nginx opens itself

}  // namespace

NginxServer::NginxServer(const Options& options) : has_tls_(!options.certificate_pem.empty()) {
  const auto [listener, port] = ListenOnLoopback(options.address, 1024);
  listener_ = listener;
  port_ = port;
  const std::string file = folder_.Write("nginx.conf", Configuration(options));
  const std::string inherited = "NGINX=" + std::to_string(kInherited) + ";";
  const std::array<const char*, 2> environment = {inherited.c_str(), nullptr};
  const std::string log = folder_.Path() / "error.log";
  const std::array<const char*, 8> arguments = {
      "nginx", "-p", folder_.Path().c_str(), "-c", file.c_str(), "-e", log.c_str(), nullptr};
  const pid_t parent = getpid();
  child_ = fork();
  if (child_ < 0) {
    throw std::system_error(errno, std::generic_category(), "fork");
  }
  if (child_ == 0) {  // only what is safe between fork and exec
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == parent && dup2(listener_, kInherited) == kInherited) {
      execve("/usr/sbin/nginx", const_cast<char* const*>(arguments.data()),
             const_cast<char* const*>(environment.data()));
    }
    _exit(127);
  }
}

NginxServer::~NginxServer() {
  kill(child_, SIGTERM);  // and its worker with it
  waitpid(child_, nullptr, 0);
  close(listener_);
}

std::string NginxServer::Url(const std::string& path) const {
  return (has_tls_ ? "https://localhost:" : "http://localhost:") + std::to_string(port_) + path;
}

std::string NginxServer::Configuration(const Options& options) const {
  const bool is_ipv6 = options.address.find(':') != std::string::npos;
  const std::string listen = (is_ipv6 ? "[" + options.address + "]:" : options.address + ":") +
                             std::to_string(port_) + (has_tls_ ? " ssl" : "") +
                             (options.has_http2 ? " http2" : "");
  std::string text = "daemon off; worker_processes 1; pid nginx.pid; error_log error.log;\n";
  text += geteuid() == 0 ? "user root;\n" : "";
  text += "events { worker_connections 512; }\nhttp { access_log off;\n";
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    text += std::string(kind) + "_temp_path " + kind + ";\n";
  }
  text += "server { listen " + listen + " backlog=1024;\n";
  if (has_tls_) {
    text += "ssl_certificate " + folder_.Write("server.pem", options.certificate_pem) + ";\n";
    text += "ssl_certificate_key " + folder_.Write("server.key", options.key_pem) + ";\n";
    text += "ssl_session_cache shared:tests:1m;\n";
  }
  return text + options.directives + "\n} }\n";
}

}  // namespace pathwitness

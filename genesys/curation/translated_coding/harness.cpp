#include <bits/stdc++.h>
// Reads the arguments of a call as one JSON array on one line, and writes what the function returned as JSON, as the last line.
namespace genesys_harness {
struct Reader {
  const char* at;
  const char* end;
  bool first = true;
  [[noreturn]] void fail() const {
    std::fputs("harness: the arguments do not fit the signature\n", stderr);
    std::_Exit(70);
  }
  void space() {
    while (at != end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) ++at;
  }
  bool take(char wanted) {
    space();
    if (at == end || *at != wanted) return false;
    ++at;
    return true;
  }
  void need(char wanted) {
    if (!take(wanted)) fail();
  }
  bool word(const char* wanted) {
    space();
    std::size_t size = std::strlen(wanted);
    if (std::size_t(end - at) < size || std::memcmp(at, wanted, size) != 0) return false;
    at += size;
    return true;
  }
  unsigned hex() {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      if (at == end || !std::isxdigit((unsigned char)*at)) fail();
      char c = *at++;
      code = code * 16 + unsigned(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return code;
  }
};
inline void put_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += char(code);
  } else if (code < 0x800) {
    out += char(0xC0 | code >> 6);
    out += char(0x80 | (code & 63));
  } else if (code < 0x10000) {
    out += char(0xE0 | code >> 12);
    out += char(0x80 | (code >> 6 & 63));
    out += char(0x80 | (code & 63));
  } else {
    out += char(0xF0 | code >> 18);
    out += char(0x80 | (code >> 12 & 63));
    out += char(0x80 | (code >> 6 & 63));
    out += char(0x80 | (code & 63));
  }
}
template <class T, class = void> struct Form;
template <> struct Form<bool> {
  static bool read(Reader& in) {
    if (in.word("true")) return true;
    if (in.word("false")) return false;
    in.fail();
  }
  static void write(std::string& out, bool value) { out += value ? "true" : "false"; }
};
template <class T> struct Form<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
  static T read(Reader& in) {
    in.space();
    long long value = 0;
    auto found = std::from_chars(in.at, in.end, value);
    if (found.ec != std::errc() || (found.ptr != in.end && std::strchr(".eE", *found.ptr) && *found.ptr)) in.fail();
    in.at = found.ptr;
    return T(value);
  }
  static void write(std::string& out, T value) {
    char digits[48];
    char* at = digits + sizeof digits;
    bool negative = value < 0;
    do {
      int digit = int(value % 10);
      *--at = char('0' + (digit < 0 ? -digit : digit));
      value = T(value / 10);
    } while (value != 0);
    if (negative) *--at = '-';
    out.append(at, digits + sizeof digits);
  }
};
template <class T> struct Form<T, std::enable_if_t<std::is_floating_point_v<T>>> {
  static T read(Reader& in) {
    if (in.word("NaN")) return std::numeric_limits<T>::quiet_NaN();
    if (in.word("Infinity")) return std::numeric_limits<T>::infinity();
    if (in.word("-Infinity")) return -std::numeric_limits<T>::infinity();
    T value = 0;
    auto found = std::from_chars(in.at, in.end, value);
    if (found.ec != std::errc()) in.fail();
    in.at = found.ptr;
    return value;
  }
  static void write(std::string& out, T value) {
    if (std::isnan(value)) {
      out += "NaN";
    } else if (std::isinf(value)) {
      out += value < 0 ? "-Infinity" : "Infinity";
    } else {
      char digits[64];
      auto found = std::to_chars(digits, digits + sizeof digits, double(value));
      out.append(digits, found.ptr);
    }
  }
};
template <> struct Form<std::string> {
  static std::string read(Reader& in) {
    std::string value;
    in.need('"');
    for (;;) {
      if (in.at == in.end) in.fail();
      char c = *in.at++;
      if (c == '"') return value;
      if (c != '\\') {
        value += c;
        continue;
      }
      if (in.at == in.end) in.fail();
      switch (c = *in.at++) {
        case 'b': value += '\b'; break;
        case 'f': value += '\f'; break;
        case 'n': value += '\n'; break;
        case 'r': value += '\r'; break;
        case 't': value += '\t'; break;
        case 'u': {
          unsigned code = in.hex();
          if (code >= 0xD800 && code < 0xDC00 && in.end - in.at >= 6 && in.at[0] == '\\' && in.at[1] == 'u') {
            in.at += 2;
            code = 0x10000 + ((code - 0xD800) << 10) + (in.hex() - 0xDC00);
          }
          put_utf8(value, code);
          break;
        }
        default: value += c;
      }
    }
  }
  static void write(std::string& out, const std::string& value) {
    out += '"';
    for (char c : value) {
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else if ((unsigned char)c < 0x20) {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\u%04x", unsigned(c));
        out += escaped;
      } else {
        out += c;
      }
    }
    out += '"';
  }
};
template <class T> struct Form<std::vector<T>> {
  static std::vector<T> read(Reader& in) {
    std::vector<T> value;
    in.need('[');
    if (in.take(']')) return value;
    do value.push_back(Form<T>::read(in));
    while (in.take(','));
    in.need(']');
    return value;
  }
  static void write(std::string& out, const std::vector<T>& value) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i) out += ',';
      Form<T>::write(out, value[i]);
    }
    out += ']';
  }
};
template <class T> struct Form<std::map<std::string, T>> {
  static std::map<std::string, T> read(Reader& in) {
    std::map<std::string, T> value;
    in.need('{');
    if (in.take('}')) return value;
    do {
      std::string key = Form<std::string>::read(in);
      in.need(':');
      value.insert_or_assign(std::move(key), Form<T>::read(in));
    } while (in.take(','));
    in.need('}');
    return value;
  }
  static void write(std::string& out, const std::map<std::string, T>& value) {
    out += '{';
    bool first = true;
    for (auto& entry : value) {
      if (!first) out += ',';
      first = false;
      Form<std::string>::write(out, entry.first);
      out += ':';
      Form<T>::write(out, entry.second);
    }
    out += '}';
  }
};
template <class T> struct Form<std::optional<T>> {
  static std::optional<T> read(Reader& in) {
    if (in.word("null")) return std::nullopt;
    return Form<T>::read(in);
  }
  static void write(std::string& out, const std::optional<T>& value) {
    if (value) {
      Form<T>::write(out, *value);
    } else {
      out += "null";
    }
  }
};
template <class T> T place(Reader& in) {
  if (!in.first) in.need(',');
  in.first = false;
  return Form<T>::read(in);
}
template <class Whole, class... T> struct Places {
  static Whole read(Reader& in) {
    Reader within{in.at, in.end};
    within.need('[');
    Whole value{place<T>(within)...};
    within.need(']');
    in.at = within.at;
    return value;
  }
  static void write(std::string& out, const Whole& value) {
    char before = '[';
    std::apply([&](const T&... each) { ((out += before, before = ',', Form<T>::write(out, each)), ...); }, value);
    out += sizeof...(T) ? "]" : "[]";
  }
};
template <class... T> struct Form<std::tuple<T...>> : Places<std::tuple<T...>, T...> {};
template <class A, class B> struct Form<std::pair<A, B>> : Places<std::pair<A, B>, A, B> {};

template <class Returned, class... Args, class Function> int serve(Function function) {
  std::string line, out = "\n";
  std::getline(std::cin, line);
  Reader in{line.data(), line.data() + line.size()};
  auto args = Places<std::tuple<Args...>, Args...>::read(in);
  auto value = std::apply(function, args);
  using Value = decltype(value);
  if constexpr (std::is_same_v<Value, Returned> || (std::is_integral_v<Value> && std::is_integral_v<Returned>) ||
                (!std::is_arithmetic_v<Value> && std::is_convertible_v<Value, Returned>)) {
    Form<Returned>::write(out, Returned(std::move(value)));
  } else {
    Form<Value>::write(out, value);
  }
  out += '\n';
  std::cout.flush();
  std::fflush(stdout);
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
  std::_Exit(0);
}
}  // namespace genesys_harness
#define main genesys_main_of_the_solution
{{solution}}
#undef main
signed main() {
  return genesys_harness::serve<{{types}}>([](auto&... each) { return ::{{name}}(each...); });
}

// A native add-on by other means than ours: what crossing from JavaScript into C++ costs, and a scan of a shard that arrived through the Arrow C
// Data Interface, as any native code could do it. It knows nothing of the store but the names of three columns.
#include <napi.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

// The interface's two structs, as its specification gives them: there is no library to link.
struct ArrowSchema {
  const char *format, *name, *metadata;
  int64_t flags, n_children;
  ArrowSchema **children, *dictionary;
  void (*release)(ArrowSchema *);
  void *private_data;
};
struct ArrowArray {
  int64_t length, null_count, offset, n_buffers, n_children;
  const void **buffers;
  ArrowArray **children, *dictionary;
  void (*release)(ArrowArray *);
  void *private_data;
};

namespace {

/** A struct that was taken over: moved here, the exporter's marked as released. Gives it back at its end. */
template <typename T>
class Imported {
 public:
  explicit Imported(T *from) : held(*from) { from->release = nullptr; }
  Imported(const Imported &) = delete;
  ~Imported() {
    if (held.release != nullptr) held.release(&held);
  }
  T held;
};

/** A column: its schema and its array. */
struct Column {
  const ArrowSchema *schema;
  const ArrowArray *array;

  Column named(Napi::Env env, const std::string &name) const {
    for (int64_t i = 0; i < schema->n_children; ++i)
      if (name == schema->children[i]->name) return at(i);
    throw Napi::Error::New(env, "no column " + name);
  }
  Column at(int64_t i) const { return {schema->children[i], array->children[i]}; }
  template <typename T>
  const T *buffer(int i) const {
    return static_cast<const T *>(array->buffers[i]) + array->offset;
  }
};

/** Characters as JavaScript counts them: four bytes of UTF-8 are two. */
uint64_t utf16(const char *text, int32_t begin, int32_t end) {
  uint64_t units = 0;
  for (int32_t i = begin; i < end; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    units += (byte & 0xC0) != 0x80;
    units += byte >= 0xF0;
  }
  return units;
}

struct Sum {
  uint64_t rows = 0, before = 0, chars = 0;
  double total = 0;
};

template <typename Id, typename Value>
void add(Sum &sum, int64_t rows, const int64_t *times, const Id *ids, const Value *values, const std::vector<uint64_t> &lengths) {
  for (int64_t row = 0; row < rows; ++row) {
    sum.before += times[row] != std::numeric_limits<int64_t>::min() && times[row] <= 0;
    sum.chars += lengths[ids[row]];
    const double value = values[row];
    if (!std::isnan(value)) sum.total += value;
  }
  sum.rows += rows;
}

template <typename Id>
void add(Napi::Env env, Sum &sum, const Column &events, const Id *ids, const std::vector<uint64_t> &lengths) {
  const Column value = events.named(env, "numeric_value");
  const int64_t *times = events.named(env, "time").buffer<int64_t>(1);
  const std::string format = value.schema->format;
  if (format == "f") add(sum, events.array->length, times, ids, value.buffer<float>(1), lengths);
  else if (format == "g") add(sum, events.array->length, times, ids, value.buffer<double>(1), lengths);
  else throw Napi::Error::New(env, "numeric_value has the format " + format);
}

void scan(Napi::Env env, Sum &sum, const Column &shard) {
  const Column events = shard.named(env, "events").at(0);
  const Column code = events.named(env, "code");
  const Column text{code.schema->dictionary, code.array->dictionary};
  const auto *offsets = text.buffer<int32_t>(1);
  const auto *bytes = static_cast<const char *>(text.array->buffers[2]);
  std::vector<uint64_t> lengths(text.array->length);
  for (size_t id = 0; id < lengths.size(); ++id) lengths[id] = utf16(bytes, offsets[id], offsets[id + 1]);
  const std::string format = code.schema->format;
  if (format == "C") add(env, sum, events, code.buffer<uint8_t>(1), lengths);
  else if (format == "S") add(env, sum, events, code.buffer<uint16_t>(1), lengths);
  else if (format == "I") add(env, sum, events, code.buffer<uint32_t>(1), lengths);
  else throw Napi::Error::New(env, "code has the format " + format);
}

template <typename T>
T *address(const Napi::Value &value) {
  bool lossless = false;
  const uint64_t at = value.As<Napi::BigInt>().Uint64Value(&lossless);
  auto *found = reinterpret_cast<T *>(at);
  if (!lossless || found == nullptr || found->release == nullptr) throw Napi::Error::New(value.Env(), "there is nothing to import");
  return found;
}

/** A shard that stays imported until `release` (or the collector) gives it back. */
class Shard : public Napi::ObjectWrap<Shard> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "Shard", {InstanceMethod("scan", &Shard::Scan), InstanceMethod("release", &Shard::Release)});
  }
  explicit Shard(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Shard>(info) {
    auto *from = address<ArrowArray>(info[1]);
    schema = std::make_unique<Imported<ArrowSchema>>(address<ArrowSchema>(info[0]));
    array = std::make_unique<Imported<ArrowArray>>(from);
  }

 private:
  Napi::Value Scan(const Napi::CallbackInfo &info) {
    const Napi::Env env = info.Env();
    if (array == nullptr) throw Napi::Error::New(env, "the shard was released");
    Sum sum;
    // With a sum to go on from, shards add up to what one scan over all of them gives.
    if (info[0].IsNumber()) sum.total = info[0].As<Napi::Number>().DoubleValue();
    const auto began = std::chrono::steady_clock::now();
    scan(env, sum, {&schema->held, &array->held});
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - began;
    Napi::Object result = Napi::Object::New(env);
    result["rows"] = Napi::Number::New(env, static_cast<double>(sum.rows));
    result["before"] = Napi::Number::New(env, static_cast<double>(sum.before));
    result["chars"] = Napi::Number::New(env, static_cast<double>(sum.chars));
    result["total"] = Napi::Number::New(env, sum.total);
    result["nanos"] = Napi::Number::New(env, spent.count());
    // Where the times lie: JavaScript can look whether its own view of them shows the same memory.
    const Column events = Column{&schema->held, &array->held}.named(env, "events").at(0);
    const auto *times = events.named(env, "time").buffer<int64_t>(1);
    result["timesAt"] = Napi::BigInt::New(env, static_cast<uint64_t>(reinterpret_cast<uintptr_t>(times)));
    return result;
  }
  void Release(const Napi::CallbackInfo &) {
    schema.reset();
    array.reset();
  }
  std::unique_ptr<Imported<ArrowSchema>> schema;
  std::unique_ptr<Imported<ArrowArray>> array;
};

/** Imports a shard, scans it, and gives it back. */
Napi::Value ScanOnce(const Napi::CallbackInfo &info) {
  const Napi::Env env = info.Env();
  auto *from = address<ArrowArray>(info[1]);
  const Imported<ArrowSchema> schema(address<ArrowSchema>(info[0]));
  const Imported<ArrowArray> array(from);
  Sum sum;
  scan(env, sum, {&schema.held, &array.held});
  Napi::Object result = Napi::Object::New(env);
  result["rows"] = Napi::Number::New(env, static_cast<double>(sum.rows));
  result["before"] = Napi::Number::New(env, static_cast<double>(sum.before));
  result["chars"] = Napi::Number::New(env, static_cast<double>(sum.chars));
  result["total"] = Napi::Number::New(env, sum.total);
  return result;
}

// The three calls whose cost is the boundary's.
void Nothing(const Napi::CallbackInfo &) {}
Napi::Value Double(const Napi::CallbackInfo &info) {
  return Napi::Number::New(info.Env(), 2 * info[0].As<Napi::Number>().DoubleValue());
}
Napi::Value Event(const Napi::CallbackInfo &info) {
  Napi::Object event = Napi::Object::New(info.Env());
  event["time"] = info[0];
  event["code"] = info[1];
  event["numericValue"] = info[0];
  return event;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports["nothing"] = Napi::Function::New(env, Nothing);
  exports["double"] = Napi::Function::New(env, Double);
  exports["event"] = Napi::Function::New(env, Event);
  exports["scan"] = Napi::Function::New(env, ScanOnce);
  exports["Shard"] = Shard::Class(env);
  return exports;
}

}  // namespace

NODE_API_MODULE(addon, Init)

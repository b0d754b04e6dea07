#include "sink/store/stores.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/diagnostics.h"
#include "base/nameless_file.h"
#include "sink/append_log.h"
#include "sink/store/append_store.h"
#include "sink/store/directory.h"
#include "sink/store/folder_store.h"
#include "sink/store/memory_store.h"
#include "sink/store/message_forms.h"
#include "sink/store/same_file.h"

namespace millrace::sink {
namespace {

using Form = StoreTarget::Form;

// A form as options have it, and what writes it.
struct FormSpec {
  std::string_view name;
  MessageForm write;                                     // null: it is in memory
  FolderLayout (*layout)(const std::string& directory);  // null: one file, or none
  AppendFile::Kind kind = AppendFile::Kind::lines;       // of that
  bool hashes = false;
};

constexpr std::array<FormSpec, 6> kForms = {{
    {.name = "maildir", .write = write_unix_message, .layout = maildir_layout},
    {.name = "mbox",
     .write = write_mbox_message,
     .layout = nullptr,
     .kind = AppendFile::Kind::mailbox},
    {.name = "eml", .write = write_wire_message, .layout = eml_layout},
    {.name = "jsonl", .write = write_json_line, .layout = nullptr, .hashes = true},
    {.name = "jsonl+message",
     .write = write_json_line_with_text,
     .layout = nullptr,
     .hashes = true},
    {.name = "memory", .write = nullptr, .layout = nullptr, .hashes = true},
}};

const FormSpec& spec(Form form) { return kForms.at(static_cast<std::size_t>(form)); }

bool in_memory(const StoreTarget& target) { return spec(target.form).write == nullptr; }

std::string name_of(const StoreTarget& target) {
  const std::string place = in_memory(target) ? std::to_string(target.most) : target.path;
  return std::string(form_name(target.form)) + ":" + place;
}

// The folders of a store; new/, tmp/ and cur/ of a Maildir.
void make_folders(const StoreTarget& target) {
  const FolderLayout layout = spec(target.form).layout(target.path);
  int error = make_directories_for(layout.part_directory);
  if (error == 0) error = make_directories_for(layout.directory);
  if (error == 0 && target.form == Form::maildir) {
    error = make_directories_for(target.path + "/cur/");
  }
  if (error == 0 && access(layout.part_directory.c_str(), W_OK | X_OK) != 0) error = errno;
  if (error != 0) throw Fatal(describe_error("store " + target.path, error));
}

// Where files without a name are made for a store. In /dev nobody makes any.
std::string directory_for(const StoreTarget& target) {
  if (in_memory(target)) return directory_for_temporary_files();
  if (spec(target.form).layout != nullptr)
    return spec(target.form).layout(target.path).part_directory;
  return target.path.starts_with("/dev/") ? directory_for_temporary_files()
                                          : directory_of(target.path);
}

// In which turn a store is written to: first where nobody else has to wait for it, then what can
// forget what it took, then what cannot.
int turn(const StoreTarget& target) {
  struct stat status {};
  if (in_memory(target)) return 2;
  if (spec(target.form).layout != nullptr) return 0;
  const bool file = stat(target.path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
  return file ? 1 : 2;
}

// Throws Fatal where two are one under two names.
void check_places(const std::vector<const StoreTarget*>& targets) {
  std::vector<std::pair<struct stat, const StoreTarget*>> places;
  for (const StoreTarget* const target : targets) {
    struct stat status {};
    if (in_memory(*target)) continue;
    if (stat(target->path.c_str(), &status) != 0 || S_ISCHR(status.st_mode)) continue;
    for (const auto& [place, other] : places) {
      if (!same_file(place, status)) continue;
      throw Fatal("stores " + other->path + " and " + target->path +
                  " are one: each needs a place of its own");
    }
    places.emplace_back(status, target);
  }
}

}  // namespace

std::string_view form_name(Form form) { return spec(form).name; }

Stores::Stores(const StoreOptions& options) : options_(options) {
  for (const StoreTarget& target : options.targets) targets_.push_back(&target);
  // By where they are: other sinks that name them otherwise lock them in this order, too.
  const auto place = [](const StoreTarget& target) {
    std::error_code failed;
    const auto canonical = std::filesystem::weakly_canonical(target.path, failed);
    return std::pair(turn(target), failed ? target.path : canonical.string());
  };
  std::sort(targets_.begin(), targets_.end(),
            [&place](const auto* one, const auto* other) { return place(*one) < place(*other); });
  for (const StoreTarget* const target : targets_) {
    files_.emplace_back();
    if (in_memory(*target)) {
      memory_ = std::make_unique<MessageMemory>(target->most);
      continue;
    }
    if (spec(target->form).layout != nullptr) {
      make_folders(*target);
      continue;
    }
    files_.back() =
        std::make_unique<AppendFile>(target->path, spec(target->form).kind, options.sync);
    files_.back()->prepare();
  }
  check_places(targets_);
  directory_ = directory_for(options.targets.front());
  if (access(directory_.c_str(), W_OK | X_OK) != 0) {
    throw Fatal(
        describe_error("store " + options.targets.front().path + ": folder " + directory_, errno));
  }
  if (std::all_of(files_.begin(), files_.end(), [](const auto& file) { return !file; })) return;
  watch_ = std::make_unique<DeathWatch>([this] {
    for (const auto& file : files_) {
      if (file) file->put_right(getpid());
    }
  });
  for (const auto& file : files_) {
    if (file) file->set_guard(watch_->process());
  }
}

std::vector<std::unique_ptr<Store>> Stores::open() {
  std::vector<std::unique_ptr<Store>> stores;
  for (std::size_t place = 0; place < targets_.size(); ++place) {
    const StoreTarget& target = *targets_[place];
    const FormSpec& form = spec(target.form);
    if (in_memory(target)) {
      stores.push_back(std::make_unique<MemoryStore>(name_of(target), *memory_));
    } else if (files_[place]) {
      stores.push_back(std::make_unique<AppendStore>(name_of(target), *files_[place], form.write));
    } else {
      stores.push_back(std::make_unique<FolderStore>(name_of(target), form.layout(target.path),
                                                     form.write, options_.sync));
    }
  }
  return stores;
}

bool Stores::hashes() const {
  return std::any_of(targets_.begin(), targets_.end(),
                     [](const StoreTarget* target) { return spec(target->form).hashes; });
}

}  // namespace millrace::sink

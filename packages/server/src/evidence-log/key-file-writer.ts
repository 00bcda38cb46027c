/** Appends sealed key sets to their files, and replaces a file so that erased keys are gone from the disk. */
import { type FileSystem, type OpenFile, replaceFile, writeFully } from "./file-system.ts";
import { KEYS_FOLDER, keyFilePath } from "./key-files.ts";

export class KeyFileWriter {
  readonly #files: FileSystem;
  #shard = 0;
  #file: OpenFile | undefined;
  #end = 0;

  constructor(files: FileSystem) {
    this.#files = files;
  }

  /** Durable when it returns. */
  append(shard: number, bytes: Uint8Array): void {
    const isNew = this.#open(shard);
    const file = this.#file;
    if (file === undefined) return;
    writeFully(file, bytes, this.#end);
    file.datasync();
    if (isNew) this.#files.syncFolder(KEYS_FOLDER);
    this.#end += bytes.length;
  }

  #open(shard: number): boolean {
    if (this.#file !== undefined && this.#shard === shard) return false;
    this.#file?.close();
    const path = keyFilePath(shard);
    const isNew = !this.#files.exists(path);
    this.#file = this.#files.open(path, isNew ? "create" : "edit");
    this.#shard = shard;
    this.#end = this.#file.size();
    return isNew;
  }

  /** The new file is durable first; then the old one's bytes are overwritten where they lie. */
  replace(shard: number, bytes: Uint8Array): void {
    const path = keyFilePath(shard);
    const old = this.#files.open(path, "edit");
    try {
      replaceFile(this.#files, path, bytes, "durable");
      writeFully(old, new Uint8Array(old.size()), 0);
      old.sync();
    } finally {
      old.close();
    }
    if (this.#shard === shard) this.close();
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#shard = 0;
  }
}

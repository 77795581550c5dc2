interface Installed {
  readonly packages: Readonly<Record<string, string>>;
}
export declare const NODE: readonly string[];
export declare const PERMISSION_FLAGS: readonly string[];
export declare const BUN: string;
export declare const DENO: string;
export declare const DENO_FLAGS: readonly string[];
export declare const TYPESCRIPT: readonly string[];
export declare const RESOLUTIONS: Readonly<Record<string, readonly [module: string, resolution: string]>>;
export declare const BUNDLERS: Readonly<Record<string, Installed & { readonly makes: string | null }>>;
export declare const RUNNERS: Readonly<Record<string, Installed & { readonly bin: readonly string[]; readonly flags: readonly string[] }>>;

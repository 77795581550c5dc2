/** A conversion, as the native side reads it. */
export interface ConversionPlan {
  readonly source: string;
  readonly store: string;
  /** The folder where the hashes of files are remembered; undefined for none. */
  readonly hashes: string | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly repair?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly reuse?: boolean | undefined;
  readonly trustTimes?: boolean | undefined;
  readonly threads?: number | undefined;
  readonly memory?: number | undefined;
  readonly shardBytes?: number | undefined;
  readonly index?: boolean | undefined;
  readonly temp?: string | undefined;
}

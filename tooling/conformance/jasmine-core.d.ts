/** What the conformance runner uses of jasmine-core 4. */
declare module "jasmine-core/lib/jasmine-core/jasmine.js" {
  export interface FailedExpectation {
    readonly message: string;
  }

  export interface SpecResult {
    readonly fullName: string;
    readonly status: "passed" | "failed" | "pending" | "excluded";
    readonly failedExpectations: readonly FailedExpectation[];
  }

  export interface SuiteResult {
    readonly fullName: string;
    readonly failedExpectations: readonly FailedExpectation[];
  }

  export interface Reporter {
    specDone?(result: SpecResult): void;
    suiteDone?(result: SuiteResult): void;
    jasmineDone?(result: Omit<SuiteResult, "fullName">): void;
  }

  export interface JasmineEnv {
    configure(options: { random: boolean; specFilter(spec: { getFullName(): string }): boolean }): void;
    addReporter(reporter: Reporter): void;
    clearReporters(): void;
    execute(): Promise<unknown>;
  }

  export interface Jasmine {
    getEnv(options: { suppressLoadErrors: boolean }): JasmineEnv;
  }

  interface JasmineRequire {
    core(jasmineRequire: JasmineRequire): Jasmine;
    interface(jasmine: Jasmine, env: JasmineEnv): object;
  }

  const jasmineRequire: JasmineRequire;
  export default jasmineRequire;
}

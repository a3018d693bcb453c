//! `cargo xtask generate` on specs of 1 to 1,000 operations, as a whole and by its phases.
//!
//! An iteration over fewer operations than the real spec has takes all its parts of that size, so
//! that each size has the same mixture of small and large operations. The counter gives operations
//! per second.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that fails has found a fault"
)]

use std::sync::OnceLock;

use csms_gen::drift;
use csms_gen::emit::{self, Emitted, Modules, Rewritten};
use csms_gen::generate;
use csms_gen::lint::lint;
use csms_gen::lower::{Lowered, Names, lower};
use csms_gen::spec::Spec;
use csms_gen::spec::corrections::Corrections;
use csms_gen::workspace::{StoredContract, Workspace};
use divan::Bencher;
use divan::counter::ItemsCount;
use tempfile::TempDir;

mod repeated;

const SIZES: [usize; 5] = [1, 10, 46, 200, 1_000];

fn main() {
    divan::main();
}

/// A spec with all that is made of it.
struct Subject {
    _folder: TempDir,
    workspace: Workspace,
    spec: Spec,
    contracts: Vec<StoredContract>,
    corrections: Corrections,
    emitted: Emitted,
}

/// All parts of the real spec with `size` operations, or one larger spec.
fn subjects(size: usize) -> &'static [Subject] {
    static SUBJECTS: [OnceLock<Vec<Subject>>; SIZES.len()] = [const { OnceLock::new() }; 5];
    let at = SIZES.iter().position(|s| *s == size).unwrap();
    SUBJECTS[at].get_or_init(|| {
        let real = repeated::real();
        if size >= real.len() {
            return vec![subject(&real.repeated(size))];
        }
        let starts = (0..real.len())
            .map(|part| part * size)
            .take_while(|start| *start == 0 || start % real.len() != 0);
        starts
            .map(|start| subject(&real.part(start, size)))
            .collect()
    })
}

fn subject(chain: &repeated::Chain) -> Subject {
    let folder = TempDir::new().unwrap();
    let workspace = chain.write(folder.path());
    let report = generate::generate(&workspace).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(report.operations, chain.len());
    let spec = workspace.spec().unwrap();
    let (contracts, problems) = workspace.contracts();
    assert!(problems.is_empty());
    Subject {
        emitted: emit::emit(&spec).unwrap(),
        corrections: workspace.corrections().unwrap(),
        spec,
        contracts,
        workspace,
        _folder: folder,
    }
}

fn for_each<I, O>(
    bencher: Bencher<'_, '_>,
    size: usize,
    input: impl Fn(&Subject) -> I,
    phase: impl Fn(&'static Subject, I) -> O,
) {
    let subjects = subjects(size);
    bencher
        .counter(ItemsCount::new(subjects.len() * size))
        .with_inputs(|| subjects.iter().map(&input).collect::<Vec<I>>())
        .bench_local_values(|inputs| {
            let pairs = subjects.iter().zip(inputs);
            pairs
                .map(|(subject, input)| phase(subject, input))
                .collect::<Vec<O>>()
        });
}

fn lowered(subject: &Subject) -> (Names, Lowered) {
    let names = Names::of(&subject.spec);
    let lowered = lower(&subject.spec, &names);
    (names, lowered)
}

fn generated(subject: &Subject) -> syn::File {
    emit::progenitor::generate(&subject.spec, &lowered(subject).1).unwrap()
}

fn rewritten(subject: &Subject) -> Rewritten {
    emit::rewritten(&subject.spec, generated(subject)).unwrap()
}

fn modules(subject: &Subject) -> Modules {
    let (names, lowered) = lowered(subject);
    emit::modules(&subject.spec, &names, &lowered, rewritten(subject)).unwrap()
}

/// All of `generate --check`, with the files that it reads.
#[divan::bench(args = SIZES)]
fn total(bencher: Bencher<'_, '_>, size: usize) {
    for_each(
        bencher,
        size,
        |_| (),
        |subject, ()| generate::check(&subject.workspace).unwrap(),
    );
}

/// Reading spec, contracts and corrections.
#[divan::bench(args = SIZES)]
fn read(bencher: Bencher<'_, '_>, size: usize) {
    for_each(
        bencher,
        size,
        |_| (),
        |subject, ()| {
            let workspace = &subject.workspace;
            (
                workspace.spec().unwrap(),
                workspace.contracts(),
                workspace.corrections().unwrap(),
            )
        },
    );
}

/// The spec's own rules.
#[divan::bench(args = SIZES)]
fn lint_spec(bencher: Bencher<'_, '_>, size: usize) {
    for_each(
        bencher,
        size,
        |_| (),
        |subject, ()| assert_eq!(lint(&subject.spec), []),
    );
}

/// Contracts against spec.
#[divan::bench(args = SIZES)]
fn compare_contracts(bencher: Bencher<'_, '_>, size: usize) {
    for_each(
        bencher,
        size,
        |_| (),
        |subject, ()| {
            let Subject {
                spec,
                contracts,
                corrections,
                ..
            } = subject;
            assert_eq!(
                drift::against_contracts(spec, contracts, &[], corrections),
                []
            );
        },
    );
}

/// Spec to progenitor's input.
#[divan::bench(args = SIZES)]
fn lower_spec(bencher: Bencher<'_, '_>, size: usize) {
    for_each(bencher, size, |_| (), |subject, ()| lowered(subject));
}

/// progenitor, and its output parsed.
#[divan::bench(args = SIZES)]
fn progenitor(bencher: Bencher<'_, '_>, size: usize) {
    for_each(
        bencher,
        size,
        |subject| lowered(subject).1,
        |subject, lowered| emit::progenitor::generate(&subject.spec, &lowered).unwrap(),
    );
}

/// Every rewrite of progenitor's output.
#[divan::bench(args = SIZES)]
fn rewrite(bencher: Bencher<'_, '_>, size: usize) {
    for_each(bencher, size, generated, |subject, generated| {
        emit::rewritten(&subject.spec, generated).unwrap()
    });
}

/// What is emitted from the spec alone: operations, enumerations, pages, registry, commands, mocks.
#[divan::bench(args = SIZES)]
fn emit_tables(bencher: Bencher<'_, '_>, size: usize) {
    for_each(
        bencher,
        size,
        |subject| (lowered(subject), rewritten(subject)),
        |subject, ((names, lowered), rewritten)| {
            emit::modules(&subject.spec, &names, &lowered, rewritten).unwrap()
        },
    );
}

/// prettyplease.
#[divan::bench(args = SIZES)]
fn format(bencher: Bencher<'_, '_>, size: usize) {
    for_each(bencher, size, modules, |subject, modules| {
        emit::format(&subject.spec, &modules)
    });
}

/// Generated code against the files.
#[divan::bench(args = SIZES)]
fn compare_files(bencher: Bencher<'_, '_>, size: usize) {
    for_each(
        bencher,
        size,
        |_| (),
        |subject, ()| {
            let outputs = &subject.emitted.outputs;
            assert_eq!(drift::against_files(&subject.workspace, outputs), []);
        },
    );
}

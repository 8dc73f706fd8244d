djogi_cli::djogi_main!(shop);

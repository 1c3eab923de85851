fn main() {
    println!("cargo:rerun-if-changed=policies");
    println!("cargo:rerun-if-changed=roles.sql");
    println!("cargo:rerun-if-changed=database.sql");
    println!("cargo:rerun-if-changed=context.sql");
    println!("cargo:rerun-if-changed=functions.sql");
}

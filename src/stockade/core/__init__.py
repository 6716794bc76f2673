"""The core: values every room shares, without behaviour that needs the outside."""

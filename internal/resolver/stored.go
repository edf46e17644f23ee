package resolver

import "edumfa/internal/field"

// Stored is the configuration of an instance as it is kept: secrets encrypted.
type Stored = field.Definition

// StoredOption is one row of an instance's configuration.
type StoredOption = field.Option

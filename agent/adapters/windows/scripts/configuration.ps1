# configuration.ps1, version 1. The server's whole configuration, into a folder beside the scripts' own, which
# the agent has emptied before and packs afterwards. No secret is in it but encrypted.

function Get-BatonConfiguration {
    Import-BatonModule
    $parent = Split-Path -Path $PSScriptRoot -Parent
    $folder = Join-Path -Path $parent -ChildPath 'dump'
    $null = Get-ADSyncServerConfiguration -Path $folder
    return [ordered] @{
        'path' = 'dump'
    }
}
